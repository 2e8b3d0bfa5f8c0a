output "statements" {
  description = "The statements of its policy, as the policy has them."
  value       = concat(local.own, local.pause, local.others)
}
