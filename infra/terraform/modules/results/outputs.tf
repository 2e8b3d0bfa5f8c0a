output "name" {
  description = "The table's name: PENSTOCK_TABLE."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN."
  value       = aws_dynamodb_table.this.arn
}

output "failure_index_arn" {
  description = "The ARN of the sparse index of failed tasks."
  value       = "${aws_dynamodb_table.this.arn}/index/by_failure"
}
