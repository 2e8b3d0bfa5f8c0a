variable "queue_arns" {
  description = "The ARNs of the queues, which the web watches and redriven dead letters go back to."
  type        = list(string)
}

variable "dead_letter_arns" {
  description = "The ARNs of the dead-letter queues, which the web counts and redrives."
  type        = list(string)
}

variable "event_source_mappings" {
  description = "The ids of the event source mappings, which the web pauses and resumes."
  type        = list(string)
}

variable "table_arn" {
  description = "The ARN of the table of outcomes."
  type        = string
}

variable "index_arns" {
  description = "The ARNs of the table's indexes, which listings read."
  type        = list(string)
}

variable "payload_bucket_arn" {
  description = "The ARN of the bucket for results that are too large for a row."
  type        = string
}

variable "statements" {
  description = "What the web may do beside: enqueueing, and what its own views need."
  type = list(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))
  default = []
}
