data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  own_topic = var.topic_arn == null
  topic     = local.own_topic ? aws_sns_topic.this[0].arn : var.topic_arn
  account   = data.aws_caller_identity.current.account_id
}

################################################################################
# Topic: whom the alarms tell. An existing one takes its place where there is one.
################################################################################

resource "aws_sns_topic" "this" {
  count = local.own_topic ? 1 : 0

  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.this[0].arn
}

resource "aws_sns_topic_policy" "this" {
  count = local.own_topic ? 1 : 0

  arn = aws_sns_topic.this[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this[0].arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*" # a deny holds for everybody
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.this[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = local.own_topic ? toset(var.emails) : []

  topic_arn = aws_sns_topic.this[0].arn
  protocol  = "email" # AWS sends a mail with a link, and tells them nothing until it is opened
  endpoint  = each.value
}

################################################################################
# Key: a topic encrypted with AWS's own key, alias/aws/sns, hears nothing of alarms, for nobody can change that key's policy
# https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
################################################################################

resource "aws_kms_key" "this" {
  count = local.own_topic ? 1 : 0

  description             = "Encrypts the topic ${var.name}-alarms."
  enable_key_rotation     = true
  deletion_window_in_days = 7 # nothing is kept under it

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account" # without it nobody could ever change this policy
        Effect    = "Allow"
        Principal = { AWS = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*" # in a key's policy: this key
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}
