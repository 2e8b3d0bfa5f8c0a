################################################################################
# Package
################################################################################

variable "architecture" {
  description = "The processor of the workers: what `make package ARCH=...` built the zip for. arm64 costs a fifth less."
  type        = string
  default     = null
}

variable "worker_package" {
  description = "Path of the zip that `make package` built; null takes build/worker-<architecture>.zip."
  type        = string
  default     = null
}

variable "memory_size" {
  description = "MB of memory of each worker. The processor grows with it: a whole one at 1,769 MB."
  type        = number
  default     = null
}

################################################################################
# What your tasks read and may do
################################################################################

variable "environment" {
  description = "What your tasks read from their environment. Never a secret: the console shows it. See worker_secrets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "webhook_hosts" {
  description = "Hosts, or host:port, that the reference task deliver_webhook may post to: WEBHOOK_HOSTS."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for host in var.webhook_hosts : can(regex("^[A-Za-z0-9.-]+(:[0-9]+)?$", host))])
    error_message = "webhook_hosts takes hosts such as hooks.example.com or hooks.example.com:8443, no URLs and no wildcards: ${join(", ", var.webhook_hosts)}."
  }
}

variable "mail_sender" {
  description = "The address that the reference task send_email sends from, verified with SES: MAIL_SENDER. null: no mails, and no permission to send any."
  type        = string
  default     = null

  validation {
    condition     = var.mail_sender == null || can(regex("^[A-Za-z0-9.!#$%&'+/=^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\\.)+[A-Za-z][A-Za-z0-9-]{0,62}$", var.mail_sender))
    error_message = "mail_sender is \"${coalesce(var.mail_sender, "null")}\": write one address without a name, such as post@example.com, or leave it out to send no mails."
  }
}

variable "worker_secrets" {
  description = "Environment variable => the name of an SSM parameter or of a secret of Secrets Manager. The workers get the name and may read the value; Terraform never sees it."

  type = map(object({
    ssm_parameter = optional(string)
    secret        = optional(string)
  }))

  default = null
}

variable "task_statements" {
  description = "What your tasks may do at AWS beside working on their queue, such as [{actions = [\"ses:SendEmail\"], resources = [\"arn:aws:ses:...\"]}]."

  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string)))) # as in the policy: operator => key => values
  }))

  default  = []
  nullable = false
}

################################################################################
# Reconciler
################################################################################

variable "reconciler_period_minutes" {
  description = "Minutes from one look of the reconciler at the dead-letter queues to the next. An alarm has it look at the first letter of a quiet queue sooner."
  type        = number
  default     = null
}

variable "reconciler_statements" {
  description = "What your on_dead hooks may do at AWS where the reconciler calls them, in the form of task_statements. It gets worker_secrets by name only: to read a value there, allow it here."

  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))

  default = null
}

################################################################################
# Where they run, and how they are watched
################################################################################

variable "vpc" {
  description = "Subnets and security groups of the workers, for tasks that reach a database; null: none. They then need a way to SQS, DynamoDB and S3: endpoints or a NAT gateway."

  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })

  default = null
}

variable "tracing" {
  description = "Active: X-Ray traces every invocation, for a price; PassThrough: only those that come traced."
  type        = string
  default     = null
}
