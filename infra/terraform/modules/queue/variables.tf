variable "name" {
  description = "The queue's name at AWS without .fifo, such as penstock-dev-images."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,71}$", var.name)) # 80 less -dlq.fifo
    error_message = "The queue \"${var.name}\" must be 1 to 71 letters, digits, hyphens and underscores: SQS allows 80 with the -dlq.fifo of its dead-letter queue."
  }
}

variable "fifo" {
  description = "Whether it is a FIFO queue; its dead-letter queue is of the same type, as SQS demands."
  type        = bool
  default     = false
}

variable "visibility_timeout" {
  description = "Seconds for which a received message stays hidden: at least six times the function timeout, plus the batch window."
  type        = number

  validation {
    condition     = var.visibility_timeout >= 1 && var.visibility_timeout <= 43200
    error_message = "visibility_timeout is ${var.visibility_timeout}: SQS takes 1 to 43,200 seconds."
  }
}

variable "max_receive_count" {
  description = "Receives after which SQS moves a message to the dead-letter queue."
  type        = number
  default     = 10

  validation {
    condition     = var.max_receive_count >= 5 && var.max_receive_count <= 1000
    error_message = "max_receive_count is ${var.max_receive_count}: take 5 to 1,000. Below 5, throttles alone bury messages that never ran."
  }
}

variable "retention_seconds" {
  description = "Seconds for which the queue keeps a message that nobody takes."
  type        = number
  default     = 345600 # 4 days

  validation {
    condition     = var.retention_seconds >= 60 && var.retention_seconds <= 1209600
    error_message = "retention_seconds is ${var.retention_seconds}: SQS takes 60 seconds to 14 days (1,209,600)."
  }
}

variable "dead_letter_retention_seconds" {
  description = "Seconds for which a dead letter is kept. SQS counts them from the first send, not from the move."
  type        = number
  default     = 1209600 # 14 days

  validation {
    condition     = var.dead_letter_retention_seconds <= 1209600 && var.dead_letter_retention_seconds > var.retention_seconds
    error_message = "dead_letter_retention_seconds is ${var.dead_letter_retention_seconds}: it must exceed the queue's ${var.retention_seconds}, for SQS counts from the first send, and be at most 14 days (1,209,600)."
  }
}
