# `terraform output -json enqueue_environment` is the environment of a web that enqueues; web_policy is for its role.

output "enqueue_environment" {
  description = "PENSTOCK_QUEUES and the other variables that your web needs."
  value       = module.penstock.enqueue_environment
}

output "web_policy" {
  description = "What your web may do at AWS when it enqueues and has the dashboard mounted: a policy document (JSON) for its role."
  value       = module.penstock.web_policy
}

output "queues" {
  description = "Queue name => names, URLs and ARNs of queue and dead-letter queue, timeouts in seconds."
  value       = module.penstock.queues
}

output "workers" {
  description = "Queue name => its worker: function name and ARN, role, log group, event source mapping."
  value       = module.penstock.workers
}

output "container_workers" {
  description = "Queue name => what a container that works on it needs: environment and policy (JSON); and its service, if there is one."
  value       = module.penstock.container_workers
}

output "alarms" {
  description = "The topic, the alarms' names and the link of the CloudWatch dashboard; null without alarms."
  value       = module.penstock.alarms
}

output "table" {
  description = "The name of the table of outcomes."
  value       = module.penstock.table
}

output "dead_letter_console" {
  description = "Queue name => the AWS console's page of its dead-letter queue."
  value       = module.penstock.dead_letter_console
}
