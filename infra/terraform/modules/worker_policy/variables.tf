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
  description = "Environment variable => the name of a secret, as the root's worker_secrets. The worker reads the value itself."
  type = map(object({
    ssm_parameter = optional(string)
    secret        = optional(string)
  }))
  default = {}
}
