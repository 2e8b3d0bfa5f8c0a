################################################################################
# Package
################################################################################

variable "architecture" {
  description = "The processor of the workers: what `flask penstock package --arch ...` built the zip for. arm64 costs a fifth less."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is \"${var.architecture}\": Lambda has x86_64 and arm64. Build the package for the same one."
  }
}

variable "worker_package" {
  description = "Path of the workers' zip; null takes build/worker-<architecture>.zip of the project that has this root in infra/terraform."
  type        = string
  default     = null
}

variable "memory_size" {
  description = "MB of memory of each worker. The processor grows with it: a whole one at 1,769 MB."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size is ${var.memory_size}: Lambda takes whole numbers from 128 to 10,240 MB."
  }
}

################################################################################
# What your tasks read and may do
################################################################################

variable "environment" {
  description = "What your tasks read from their environment. Never a secret: the console shows it. See worker_secrets."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, _ in var.environment : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name)) && !can(regex("^(AWS_|LAMBDA_|PENSTOCK_(QUEUES|TABLE|PAYLOAD_BUCKET|DASHBOARD_URL)$)", name))])
    error_message = "environment has names that Lambda or Penstock set themselves, or that Lambda does not take (two or more letters, digits and underscores, a letter first): ${join(", ", [for name, _ in var.environment : name if !can(regex("^[A-Za-z][A-Za-z0-9_]+$", name)) || can(regex("^(AWS_|LAMBDA_|PENSTOCK_(QUEUES|TABLE|PAYLOAD_BUCKET|DASHBOARD_URL)$)", name))])}. Take them out."
  }
}

variable "worker_secrets" {
  description = "Environment variable => the name of an SSM parameter or of a secret of Secrets Manager. The workers get the name and may read the value; Terraform never sees it."

  type = map(object({
    ssm_parameter = optional(string)
    secret        = optional(string)
  }))

  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for _, source in var.worker_secrets : length(compact([source.ssm_parameter, source.secret])) == 1])
    error_message = "Each of worker_secrets names either an ssm_parameter or a secret. Repair: ${join(", ", [for name, source in var.worker_secrets : name if length(compact([source.ssm_parameter, source.secret])) != 1])}."
  }

  validation {
    condition     = alltrue([for _, source in var.worker_secrets : alltrue([for name in compact([source.ssm_parameter, source.secret]) : can(regex("^[A-Za-z0-9/_+=.@-]+$", name))])])
    error_message = "worker_secrets takes names such as /penstock/dev/token, no ARNs, no wildcards and never the value itself. Repair: ${join(", ", keys(var.worker_secrets))}."
  }

  validation {
    condition     = length(setintersection(keys(var.worker_secrets), keys(var.environment))) == 0
    error_message = "In worker_secrets and in environment: ${join(", ", setintersection(keys(var.worker_secrets), keys(var.environment)))}. Take it out of one."
  }
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

  validation {
    condition     = alltrue([for statement in var.task_statements : !contains(concat(statement.actions, statement.resources), "*")])
    error_message = "task_statements must not allow \"*\": name the actions (s3:GetObject) and the resources (arn:aws:s3:::bucket/*). For an action that knows no resource, attach a policy of your own to the role: output workers."
  }

  validation {
    condition     = alltrue([for statement in var.task_statements : length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "Each of task_statements needs actions and resources: ${jsonencode(var.task_statements)}."
  }
}

################################################################################
# Reconciler
################################################################################

variable "reconciler_period_minutes" {
  description = "Minutes from one look of the reconciler at the dead-letter queues to the next. An alarm has it look at the first letter of a quiet queue sooner."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.reconciler_period_minutes >= 1 && var.reconciler_period_minutes <= 1440 && floor(var.reconciler_period_minutes) == var.reconciler_period_minutes
    error_message = "reconciler_period_minutes is ${var.reconciler_period_minutes}: take a whole number from 1 to 1440, which is a day. Until it looks, a task that SQS buried by itself keeps its old status."
  }
}

variable "reconciler_statements" {
  description = "What your on_dead hooks may do at AWS where the reconciler calls them, in the form of task_statements. It gets worker_secrets by name only: to read a value there, allow it here."

  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))

  default  = []
  nullable = false

  validation {
    condition     = alltrue([for statement in var.reconciler_statements : !contains(concat(statement.actions, statement.resources), "*") && length(statement.actions) > 0 && length(statement.resources) > 0])
    error_message = "Each of reconciler_statements needs actions and resources by name (sns:Publish, arn:aws:sns:...), and \"*\" is neither: ${jsonencode(var.reconciler_statements)}."
  }
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

  validation {
    condition     = var.vpc == null ? true : length(var.vpc.subnet_ids) > 0 && length(var.vpc.security_group_ids) > 0
    error_message = "vpc needs at least one of subnet_ids and one of security_group_ids; leave vpc out to run in none."
  }
}

variable "tracing" {
  description = "Active: X-Ray traces every invocation, for a price; PassThrough: only those that come traced."
  type        = string
  default     = "PassThrough"
  nullable    = false

  validation {
    condition     = contains(["Active", "PassThrough"], var.tracing)
    error_message = "tracing is \"${var.tracing}\": take Active or PassThrough."
  }
}
