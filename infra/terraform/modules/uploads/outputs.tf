output "uploads_bucket" {
  description = "The name of the uploads bucket: UPLOADS_BUCKET."
  value       = module.uploads.name
}

output "uploads_bucket_arn" {
  description = "The ARN of the uploads bucket."
  value       = module.uploads.arn
}

output "payload_bucket" {
  description = "The name of the payload bucket: PENSTOCK_PAYLOAD_BUCKET."
  value       = module.payloads.name
}

output "payload_bucket_arn" {
  description = "The ARN of the payload bucket."
  value       = module.payloads.arn
}
