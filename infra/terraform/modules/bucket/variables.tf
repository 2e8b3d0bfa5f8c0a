variable "name" {
  description = "The bucket's name; unique among all buckets of the world, so put the account into it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "The bucket name \"${var.name}\" must be 3 to 63 lower-case letters, digits and hyphens: shorten project or stage."
  }
}

variable "expire_after_days" {
  description = "Key prefix => days after which S3 deletes what is under it. What no prefix covers stays."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for days in values(var.expire_after_days) : days >= 1 && floor(days) == days])
    error_message = "Each number of days must be a whole number from 1: ${jsonencode(var.expire_after_days)}. Leave a prefix out to keep what is under it."
  }
}

variable "deletion_protection" {
  description = "true: Terraform refuses to delete the bucket while it holds objects. false: deletes them with it."
  type        = bool
  default     = true
}

variable "cors_origins" {
  description = "Origins whose scripts may post to the bucket and read from it. A plain HTML form needs none."
  type        = list(string)
  default     = []
}
