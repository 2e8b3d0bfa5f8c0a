output "name" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "The bucket's ARN; its objects are under it, after a slash."
  value       = aws_s3_bucket.this.arn
}
