################################################################################
# What it is called, and what it runs
################################################################################

variable "name" {
  description = "The name of the service, of its task role and of its cluster, such as penstock-dev-worker-long."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,59}$", var.name))
    error_message = "The container service \"${var.name}\" must be 1 to 59 letters, digits, hyphens and underscores, for IAM takes 64 with the -exec of its second role: shorten the queue's name or the stage."
  }
}

variable "image" {
  description = "The image, best by its digest: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:..."
  type        = string
}

variable "repository_arn" {
  description = "The ARN of the ECR repository that the image is pulled from; null: it is public."
  type        = string
  default     = null
}

variable "command" {
  description = "What takes the place of the image's CMD, such as [\"--queue\", \"long\"]; null keeps that."
  type        = list(string)
  default     = null
}

variable "health_check" {
  description = "The words of a command that ends with 0 while the container is well: the image's HEALTHCHECK."
  type        = list(string)
}

variable "stop_timeout" {
  description = "Seconds between SIGTERM and SIGKILL. A worker's --grace must be some seconds less, so that a task is handed back in time."
  type        = number
  default     = 120
  nullable    = false

  validation {
    condition     = var.stop_timeout >= 10 && var.stop_timeout <= 120 && floor(var.stop_timeout) == var.stop_timeout
    error_message = "stop_timeout is ${var.stop_timeout}: Fargate takes up to 120 s, and a worker needs 10 to end a receive."
  }
}

################################################################################
# Size
################################################################################

variable "cpu" {
  description = "Units of the processor: 1024 are a whole one."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = contains(keys(local.fargate), tostring(var.cpu))
    error_message = "cpu is ${var.cpu}: Fargate has ${join(", ", sort(keys(local.fargate)))}."
  }
}

variable "memory" {
  description = "MB of memory; which ones there are depends on cpu."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = !contains(keys(local.fargate), tostring(var.cpu)) || contains(lookup(local.fargate, tostring(var.cpu), []), var.memory)
    error_message = "memory is ${var.memory} with cpu ${var.cpu}, for which Fargate has ${join(", ", lookup(local.fargate, tostring(var.cpu), []))} MB."
  }
}

# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
locals {
  fargate = {
    "256"  = [512, 1024, 2048]
    "512"  = range(1024, 4096 + 1, 1024)
    "1024" = range(2048, 8192 + 1, 1024)
    "2048" = range(4096, 16384 + 1, 1024)
    "4096" = range(8192, 30720 + 1, 1024)
    "8192" = range(16384, 61440 + 1, 4096)
  }
}

variable "architecture" {
  description = "The processor that the image was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is \"${var.architecture}\": Fargate has x86_64 and arm64. Build the image for the same one."
  }
}

variable "min_count" {
  description = "Containers at least. One at least, for scaling measures what is there for each."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.min_count >= 1 && floor(var.min_count) == var.min_count
    error_message = "min_count is ${var.min_count}: take a whole number from 1, for the messages that are there for each worker cannot be told of none."
  }
}

variable "max_count" {
  description = "Containers at most; the same as min_count: always so many."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.max_count >= var.min_count && floor(var.max_count) == var.max_count
    error_message = "max_count is ${var.max_count}: take a whole number from min_count, which is ${var.min_count}."
  }
}

variable "queue_name" {
  description = "A worker's queue, by its name at AWS: what scaling looks at. null: no worker."
  type        = string
  default     = null
}

variable "messages_per_worker" {
  description = "More containers are started above so many messages for each, waiting and running: 1 for tasks of hours, for short ones as many as may wait for their turn."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.messages_per_worker >= 1
    error_message = "messages_per_worker is ${var.messages_per_worker}: a worker has one message when it works, so take 1 or more."
  }
}

################################################################################
# Where it runs
################################################################################

variable "cluster_arn" {
  description = "The ARN of the ECS cluster; null makes one of the service's name."
  type        = string
  default     = null
}

variable "subnet_ids" {
  description = "Subnets, with a way to SQS, DynamoDB, S3 and the image: NAT, endpoints, or a public address."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) > 0
    error_message = "subnet_ids is empty: Fargate needs one at least."
  }
}

variable "security_group_ids" {
  description = "Security groups; a worker's need to let nobody in."
  type        = list(string)

  validation {
    condition     = length(var.security_group_ids) > 0
    error_message = "security_group_ids is empty: the VPC's default group would be taken, which lets its members talk to each other."
  }
}

variable "assign_public_ip" {
  description = "Whether it gets a public address: the way out of public subnets."
  type        = bool
  default     = false
  nullable    = false
}

variable "port" {
  description = "The port that a web listens on, PORT of the image; null: it listens on none."
  type        = number
  default     = null
}

variable "target_group_arn" {
  description = "The ARN of a load balancer's target group, of type ip, which checks /health; null: no web."
  type        = string
  default     = null
}

################################################################################
# What it knows, and may do
################################################################################

variable "environment" {
  description = "Its environment: PENSTOCK_QUEUES, PENSTOCK_TABLE and so on, and what the tasks read. Never a secret: the console shows it."
  type        = map(string)
}

variable "secrets" {
  description = "Environment variable => an SSM parameter by name, or a secret of Secrets Manager by ARN, whose value ECS puts there at the start; Terraform never sees it."

  type = map(object({
    ssm_parameter = optional(string)
    secret_arn    = optional(string)
  }))

  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for _, source in var.secrets : length(compact([source.ssm_parameter, source.secret_arn])) == 1])
    error_message = "Each of secrets names either an ssm_parameter or a secret_arn. Repair: ${join(", ", [for name, source in var.secrets : name if length(compact([source.ssm_parameter, source.secret_arn])) != 1])}."
  }

  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
    error_message = "In secrets and in environment: ${join(", ", setintersection(keys(var.secrets), keys(var.environment)))}. Take it out of one."
  }
}

variable "statements" {
  description = "What its task role may do, as the statements of a policy: output statements of modules/worker_policy or of modules/web_policy."
  type        = any
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps its log lines."
  type        = number
}
