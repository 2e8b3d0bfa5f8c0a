output "role_arn" {
  description = "The role that Zappa gives to its function: role_arn, with manage_roles off."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this] # whoever uses the role needs what it may do
}

output "deploy_bucket" {
  description = "The bucket for Zappa's zips: s3_bucket."
  value       = module.deploy_bucket.name
}

output "log_group" {
  description = "The name of the log group of Zappa's function."
  value       = aws_cloudwatch_log_group.this.name
}
