variable "name_prefix" {
  description = "What the buckets' names begin with, such as penstock-dev."
  type        = string
}

variable "name_suffix" {
  description = "What they end with: the account, for bucket names are unique in the world."
  type        = string
}

variable "upload_retention_days" {
  description = "Days after which uploads and what was made of them are deleted; null keeps them."
  type        = number
}

variable "payload_retention_days" {
  description = "Days after which large arguments, results and envelopes are deleted."
  type        = number

  validation {
    condition     = var.payload_retention_days >= 29 && floor(var.payload_retention_days) == var.payload_retention_days
    error_message = "payload_retention_days is ${var.payload_retention_days}: take a whole number from 29, for a row lives 29 days and must not point at nothing."
  }
}

variable "upload_origins" {
  description = "Origins whose scripts may post to the uploads bucket and read from it. A plain HTML form needs none."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  description = "true: buckets that hold objects are not deleted."
  type        = bool
  default     = true
}
