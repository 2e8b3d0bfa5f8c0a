output "name" {
  description = "The table's name: PENSTOCK_TABLE."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN."
  value       = aws_dynamodb_table.this.arn
}

output "index_arns" {
  description = "The ARNs of the table's indexes."
  value       = [for name in ["by_created", "by_failed", "by_failure"] : "${aws_dynamodb_table.this.arn}/index/${name}"]
}
