variable "name" {
  description = "What Zappa calls the function, <project>-<stage>; the role is <project>-<stage>-web."
  type        = string
}

variable "deploy_bucket" {
  description = "The name of the bucket that Zappa uploads its zip to."
  type        = string
}

variable "statements" {
  description = "What its role may do, as the statements of a policy: output statements of modules/web_policy."
  type        = any
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps its log lines."
  type        = number
}
