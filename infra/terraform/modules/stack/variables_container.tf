################################################################################
# Containers
################################################################################

variable "containers" {
  description = "The containers of the queues whose worker is container, on ECS Fargate: the image, whose entry point is `flask penstock worker`, and where it runs; see modules/container. null: they run elsewhere, with what output container_workers has."

  type = object({
    image               = string
    repository_arn      = optional(string)
    cluster_arn         = optional(string) # null: each service has one of its own
    subnet_ids          = list(string)
    security_group_ids  = list(string)
    assign_public_ip    = optional(bool, false)
    cpu                 = optional(number, 256)
    memory              = optional(number, 512)
    min_count           = optional(number, 1)
    messages_per_worker = optional(number, 1)
    secrets = optional(map(object({ # what your app itself reads at its start: ECS puts the value there. Tasks have worker_secrets
      ssm_parameter = optional(string)
      secret_arn    = optional(string)
    })), {})
  })

  default = null
}
