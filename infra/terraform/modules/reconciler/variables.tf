################################################################################
# What it is called, and what it runs
################################################################################

variable "name" {
  description = "The name of the function, of its role and of its schedule, such as penstock-dev-reconciler."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,55}$", var.name)) # 64 less -schedule
    error_message = "The reconciler \"${var.name}\" must be 1 to 55 letters, digits, hyphens and underscores: shorten project or stage."
  }
}

variable "package" {
  description = "Path of the zip that `flask penstock package` builds: the workers'."
  type        = string
}

variable "handler" {
  description = "The function's entry point within the zip."
  type        = string
  default     = "lambdas.reconciler.handler"
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

variable "memory_size" {
  description = "MB of memory. The processor grows with it: a whole one at 1,769 MB."
  type        = number
  default     = 512
}

variable "period_minutes" {
  description = "Minutes from one look at the dead-letter queues to the next."
  type        = number

  validation {
    condition     = var.period_minutes >= 1 && floor(var.period_minutes) == var.period_minutes
    error_message = "period_minutes is ${var.period_minutes}: EventBridge Scheduler takes a whole number from 1."
  }
}

################################################################################
# What it looks at, and where it writes
################################################################################

variable "dead_letter_queues" {
  description = "Queue name => its dead-letter queue: name at AWS and ARN."
  type = map(object({
    name = string
    arn  = string
  }))
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
  description = "The function's environment: the workers', for it imports the tasks and calls their on_dead hooks."
  type        = map(string)
}

variable "statements" {
  description = "What the on_dead hooks may do beside: actions on resources, as the root's reconciler_statements."
  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))
  default = []
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps its log lines."
  type        = number
}
