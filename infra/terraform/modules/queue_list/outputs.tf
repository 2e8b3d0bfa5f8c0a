output "queues" {
  description = "Queue name => its settings, the defaults filled in, and what follows: function_timeout (null for containers) and visibility_timeout, in seconds."
  value       = local.queues
}
