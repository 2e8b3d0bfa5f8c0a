output "statements" {
  description = "The statements of a policy, for modules/worker and modules/container."
  value       = concat(local.own, local.of_tasks, local.of_secrets)
}
