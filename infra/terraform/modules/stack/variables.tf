################################################################################
# Stage: the prefix of every name, so that two developers can share an account
################################################################################

variable "project" {
  description = "What the names of everything begin with, before the stage."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.project)) && length(var.project) <= 20
    error_message = "project is \"${var.project}\": take up to 20 lower-case letters, digits and single hyphens, a letter first. Bucket names are made of it."
  }
}

variable "stage" {
  description = "Which copy of the stack this is, such as dev, prod or your own name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.stage))
    error_message = "stage is \"${var.stage}\": take 1 to 16 lower-case letters and digits, a letter first, such as dev. A hyphen would let one stage's names begin like another's."
  }

  validation {
    condition     = contains(["default", var.stage], terraform.workspace)
    error_message = "stage is \"${var.stage}\" but the workspace, which holds the state, is \"${terraform.workspace}\": this apply would rename that stage's queues. Select the stage's own with `terraform workspace select -or-create ${var.stage}`."
  }
}

################################################################################
# Queues
################################################################################

variable "queues" {
  description = "Queue name => what a person decides about it: fifo, time_limit, batch_size, batch_window, max_receive_count, max_concurrency, worker; modules/queue_list has their types, defaults and rules."
  type        = any # an object type drops what it does not know: a mistyped setting would be lost without a word
  nullable    = false

  validation {
    condition     = try(alltrue([for _, queue in var.queues : can(keys(queue))]), false) && can(keys(var.queues))
    error_message = "queues is ${jsonencode(var.queues)}: write a queue's name => its settings, such as { default = { time_limit = 30 } }."
  }

  validation {
    condition     = try(alltrue([for _, queue in var.queues : length(setsubtract(keys(queue), local.queue_settings)) == 0]), true)
    error_message = "queues has settings that no queue has: ${join(", ", try(flatten([for name, queue in var.queues : [for key in setsubtract(keys(queue), local.queue_settings) : "${name}.${key}"]]), []))}. Known are ${join(", ", local.queue_settings)}."
  }
}

locals {
  queue_settings = ["fifo", "time_limit", "batch_size", "batch_window", "max_receive_count", "max_concurrency", "worker"]
}

################################################################################
# Data
################################################################################

variable "deletion_protection" {
  description = "true: the table cannot be deleted, nor a bucket that holds objects. Apply false before the destroy of a stage whose data may go."
  type        = bool
  default     = true
  nullable    = false
}

variable "payload_retention_days" {
  description = "Days after which large arguments, results and envelopes are deleted."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.payload_retention_days >= 29 && floor(var.payload_retention_days) == var.payload_retention_days
    error_message = "payload_retention_days is ${var.payload_retention_days}: take a whole number from 29, for a row lives 29 days and must not point at nothing."
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the functions' log lines."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days is ${var.log_retention_days}: CloudWatch takes 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, and 3, 5 to 10 years (1096, 1827, 2192, 2557, 2922, 3288, 3653)."
  }
}

################################################################################
# Web
################################################################################

variable "dashboard_url" {
  description = "Where the dashboard is mounted, such as https://app.example.com/penstock: PENSTOCK_DASHBOARD_URL. Messages then carry a link to their task's page, for whoever looks at a queue in the AWS console. null: no link."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard_url == null ? true : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)*/?$", var.dashboard_url)) && length(var.dashboard_url) <= 1000
    error_message = "dashboard_url is \"${coalesce(var.dashboard_url, "null")}\": write where the dashboard is mounted, such as https://app.example.com/penstock, without a user, a query or a fragment."
  }
}

variable "web" {
  description = "What Zappa's function needs from here: a log group, a role, and a bucket for its zips; statements are what your views may do at AWS beside, in the form of task_statements. null: the web runs elsewhere."

  type = object({
    statements = optional(list(object({
      actions   = list(string)
      resources = list(string)
      condition = optional(map(map(list(string))))
    })), [])
  })

  default = null
}
