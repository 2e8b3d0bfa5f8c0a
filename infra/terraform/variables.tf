################################################################################
# Stage: the prefix of every name, so that two developers can share an account
################################################################################

variable "project" {
  description = "What the names of everything begin with, and zappa_settings.json's project_name."
  type        = string
  default     = "penstock"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && length(var.project) <= 20
    error_message = "project is \"${var.project}\": take up to 20 lower-case letters, digits and single hyphens, a letter first. Bucket names are made of it."
  }
}

variable "stage" {
  description = "Which copy of the stack this is, such as dev, prod or your own name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.stage))
    error_message = "stage is \"${var.stage}\": take 1 to 16 lower-case letters and digits, a letter first, such as dev. A hyphen would let one stage's names begin like another's."
  }

  validation {
    condition     = contains(["default", var.stage], terraform.workspace)
    error_message = "stage is \"${var.stage}\" but the workspace, which holds the state, is \"${terraform.workspace}\": this apply would rename that stage's queues. Select the stage's own with `terraform workspace select -or-create ${var.stage}`."
  }
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
  default     = 30
  nullable    = false

  validation {
    condition     = var.payload_retention_days >= 29 && floor(var.payload_retention_days) == var.payload_retention_days
    error_message = "payload_retention_days is ${var.payload_retention_days}: take a whole number from 29, for a row lives 29 days and must not point at nothing."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the functions' log lines."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, and 3, 5 to 10 years (1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}
