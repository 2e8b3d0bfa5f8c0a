# What modules/stack has a variable for is only passed on: it judges the value, and null takes its default.

################################################################################
# Stage: the prefix of every name, so that two developers can share an account
################################################################################

variable "project" {
  description = "What the names of everything begin with, and zappa_settings.json's project_name."
  type        = string
  default     = "penstock"
  nullable    = false
}

variable "stage" {
  description = "Which copy of the stack this is, such as dev, prod or your own name."
  type        = string
}

variable "region" {
  description = "The AWS region; null takes AWS_REGION or that of the profile."
  type        = string
  default     = null

  validation {
    condition     = var.region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${coalesce(var.region, "null")}\": write it like eu-central-1, or leave it out to take AWS_REGION."
  }
}

################################################################################
# Queues: set in queues.auto.tfvars.json, which `python -m local` reads too
################################################################################

variable "queues" {
  description = "Queue name => what a person decides about it; times in seconds. modules/queue_list has the settings and their rules."
  type        = any # so that a mistyped setting reaches the rules
}

################################################################################
# Data
################################################################################

variable "deletion_protection" {
  description = "true: the table cannot be deleted, nor a bucket that holds objects. Apply false before the destroy of a stage whose data may go."
  type        = bool
  default     = true
  nullable    = false
}

variable "upload_retention_days" {
  description = "Days after which uploads, what tasks made of them, and the notes on sent mails are deleted; null keeps them."
  type        = number
  default     = 90

  validation {
    condition     = var.upload_retention_days == null ? true : var.upload_retention_days >= 15 && floor(var.upload_retention_days) == var.upload_retention_days
    error_message = "upload_retention_days is ${coalesce(var.upload_retention_days, 0)}: take a whole number from 15, for a dead letter of up to 14 days can still be redriven and needs its upload, or null to keep them."
  }
}

variable "payload_retention_days" {
  description = "Days after which large arguments, results and envelopes are deleted."
  type        = number
  default     = null
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the functions' log lines."
  type        = number
  default     = null
}
