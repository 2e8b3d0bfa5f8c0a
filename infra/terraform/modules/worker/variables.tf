################################################################################
# What it is called, and what it runs
################################################################################

variable "name" {
  description = "The name of the function and of its role, such as penstock-dev-worker-images."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "The worker \"${var.name}\" must be 1 to 64 letters, digits, hyphens and underscores: shorten the queue's name or the stage."
  }
}

variable "package" {
  description = "Path of the zip that `flask penstock package` builds."
  type        = string
}

variable "handler" {
  description = "The function's entry point within the zip."
  type        = string
  default     = "lambdas.worker.handler"
}

variable "runtime" {
  description = "Lambda's Python. `flask penstock package` compiles for 3.13, so the two change together."
  type        = string
  default     = "python3.13"
}

variable "architecture" {
  description = "The processor that the zip was built for: x86_64 or arm64."
  type        = string
}

################################################################################
# Size
################################################################################

variable "timeout" {
  description = "Seconds that an invocation may last: a full batch of the longest tasks, and a margin."
  type        = number

  validation {
    condition     = var.timeout >= 1 && var.timeout <= 900
    error_message = "A function timeout of ${var.timeout} s: Lambda allows 1 to 900 s. Make batch_size or time_limit smaller."
  }
}

variable "memory_size" {
  description = "MB of memory. The processor grows with it: a whole one at 1,769 MB."
  type        = number
}

variable "batch_size" {
  description = "Messages that one invocation gets at most."
  type        = number
}

variable "batch_window" {
  description = "Seconds to wait for a fuller batch."
  type        = number
}

variable "max_concurrency" {
  description = "Invocations at once. The mapping stops asking there; reserved concurrency would let SQS count throttles as receives."
  type        = number
}

################################################################################
# What it works on
################################################################################

variable "queue_arn" {
  description = "The ARN of the queue that feeds it."
  type        = string
}

variable "table_arn" {
  description = "The ARN of the table of outcomes."
  type        = string
}

variable "payload_bucket_arn" {
  description = "The ARN of the bucket for results and envelopes that are too large for a row."
  type        = string
}

variable "environment" {
  description = "The function's environment: PENSTOCK_QUEUES, PENSTOCK_TABLE, PENSTOCK_PAYLOAD_BUCKET, and what the tasks read."
  type        = map(string)
}

variable "statements" {
  description = "What the tasks may do beside: actions on resources, as the root's task_statements."
  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))
  default = []
}

variable "secrets" {
  description = "Environment variable => the name of a secret, as the root's worker_secrets. The function reads the value itself."
  type = map(object({
    ssm_parameter = optional(string)
    secret        = optional(string)
  }))
  default = {}
}

variable "vpc" {
  description = "Subnets and security groups to run in; null: in none."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

################################################################################
# Watching it
################################################################################

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps its log lines."
  type        = number
}

variable "tracing" {
  description = "Active: X-Ray traces every invocation; PassThrough: only those that come traced."
  type        = string
}
