output "name" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.bucket

  # Whoever uses the bucket finds it closed, and whoever must be destroyed before it is destroyed before all of it.
  depends_on = [
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_lifecycle_configuration.this,
    aws_s3_bucket_cors_configuration.this,
  ]
}

output "arn" {
  description = "The bucket's ARN; its objects are under it, after a slash."
  value       = aws_s3_bucket.this.arn
}
