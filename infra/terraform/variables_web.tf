################################################################################
# Web: what Zappa deploys
################################################################################

variable "allowed_hosts" {
  description = "Host names that the web answers to: ALLOWED_HOSTS. Empty: those of Lambda's function URLs in this region."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for host in var.allowed_hosts : can(regex("^[A-Za-z0-9.-]+$", host))])
    error_message = "allowed_hosts takes host names such as app.example.com, or .example.com for all below it: ${join(", ", var.allowed_hosts)}."
  }
}

variable "dashboard_url" {
  description = "Where the dashboard is mounted, such as https://app.example.com/penstock: PENSTOCK_DASHBOARD_URL. Messages then carry a link to their task's page, for whoever looks at a queue in the AWS console. null: no link."
  type        = string
  default     = null
}

variable "upload_origins" {
  description = "Origins whose scripts may post to the uploads bucket and read from it. The reference form posts without scripts and needs none."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for origin in var.upload_origins : can(regex("^https?://[A-Za-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "upload_origins takes origins such as https://app.example.com, with the scheme, without a path and without wildcards: ${join(", ", var.upload_origins)}."
  }
}

variable "web_environment" {
  description = "More of the web's environment. Never a secret: FLASK_SECRET_KEY and PENSTOCK_WEB_TOKEN_SHA256 do not go through Terraform."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.web_environment), ["FLASK_SECRET_KEY", "PENSTOCK_WEB_TOKEN_SHA256"])) == 0
    error_message = "web_environment holds ${join(", ", setintersection(keys(var.web_environment), ["FLASK_SECRET_KEY", "PENSTOCK_WEB_TOKEN_SHA256"]))}, which would stand in Terraform's state: give it to Zappa another way, see docs/deploy.md."
  }
}
