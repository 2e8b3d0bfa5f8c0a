variable "name" {
  description = "The table's name."
  type        = string
}

variable "deletion_protection" {
  description = "true: AWS itself refuses to delete the table until this is applied as false."
  type        = bool
  default     = true
}
