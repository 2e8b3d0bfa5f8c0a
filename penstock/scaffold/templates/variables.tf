variable "project" {
  description = "What the names of everything begin with."
  type        = string
  default     = "@@PROJECT@@"
}

variable "stage" {
  description = "Which copy this is, such as dev or prod. One workspace each: `terraform workspace select -or-create dev`."
  type        = string
}

variable "region" {
  description = "The AWS region; null takes AWS_REGION or that of the profile."
  type        = string
  default     = null
}

variable "queues" {
  description = "Queue name => its settings; times in seconds. penstock/queue_list/variables.tf has them all."
  type        = any # so that a mistyped setting is refused and not dropped
}

variable "architecture" {
  description = "The processor of the workers: x86_64, or arm64 for a fifth less."
  type        = string
  default     = "x86_64"
}

variable "environment" {
  description = "What your tasks and your app read from their environment in a worker. Never a secret."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Apply false before the destroy of a stage whose data may go."
  type        = bool
  default     = true
}
