################################################################################
# The reference tasks and the reference web app. Yours: write what they read and may do here, or in the variables.
################################################################################

locals {
  task_environment = merge(
    {
      UPLOADS_BUCKET = module.uploads.name
      WEBHOOK_HOSTS  = join(",", var.webhook_hosts)
    },
    var.mail_sender == null ? {} : { MAIL_SENDER = var.mail_sender },
  )

  web_environment = {
    UPLOADS_BUCKET = module.uploads.name
    ALLOWED_HOSTS  = length(var.allowed_hosts) > 0 ? join(",", var.allowed_hosts) : ".lambda-url.${module.stack.region}.on.aws"
  }

  reference_task_statements = concat(
    [
      { actions = ["s3:GetObject"], resources = ["${module.uploads.arn}/uploads/*"] },
      { actions = ["s3:PutObject"], resources = [for made in ["thumbnails", "reports"] : "${module.uploads.arn}/${made}/*"] },
      local.list_uploads,
    ],
    local.mail_statements,
  )

  mail_statements = [
    for statement in [
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${module.uploads.arn}/emails/*"] }, # notes on what is sent
      {
        actions = ["ses:SendEmail"]
        # Any identity, for SES judges by the address or its domain, whichever is verified, and in its sandbox by the recipient
        # too; and a configuration set, where the identity has one by default. What holds the sender is the condition.
        resources = [for kind in ["identity", "configuration-set"] : "${local.ses}:${kind}/*"]
        condition = { StringEquals = { "ses:FromAddress" = [var.mail_sender] } }
      },
    ] : statement if var.mail_sender != null
  ]

  ses = "arn:${data.aws_partition.current.partition}:ses:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}"

  web_upload_statements = [
    { actions = ["s3:GetObject"], resources = ["${module.uploads.arn}/*"] },
    { actions = ["s3:PutObject"], resources = ["${module.uploads.arn}/uploads/*"] }, # what a presigned form may do
    local.list_uploads,
  ]

  # Without it S3 answers AccessDenied where an object is missing, and "not uploaded" would look like a wrong role.
  list_uploads = { actions = ["s3:ListBucket"], resources = [module.uploads.arn] }
}
