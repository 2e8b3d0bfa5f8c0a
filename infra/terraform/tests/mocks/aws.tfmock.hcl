# What AWS would answer, as far as the tests look at it. Resources of one kind share these values; those that are told
# apart are overridden in tests/stack.tftest.hcl.

mock_data "aws_caller_identity" {
  override_during = plan
  defaults        = { account_id = "123456789012" }
}

mock_data "aws_partition" {
  override_during = plan
  defaults        = { partition = "aws" }
}

mock_data "aws_region" {
  override_during = plan
  defaults        = { id = "eu-central-1" }
}

mock_resource "aws_sqs_queue" {
  override_during = plan

  defaults = {
    arn = "arn:aws:sqs:eu-central-1:123456789012:queue"
    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/queue"
  }
}

mock_resource "aws_iam_role" {
  override_during = plan
  defaults        = { arn = "arn:aws:iam::123456789012:role/role" }
}

mock_resource "aws_lambda_function" {
  override_during = plan
  defaults        = { arn = "arn:aws:lambda:eu-central-1:123456789012:function:function" }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  override_during = plan
  defaults        = { arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:alarm" }
}

mock_resource "aws_dynamodb_table" {
  override_during = plan
  defaults        = { arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/tasks" }
}

mock_resource "aws_s3_bucket" {
  override_during = plan
  defaults        = { arn = "arn:aws:s3:::bucket" }
}

mock_resource "aws_lambda_event_source_mapping" {
  override_during = plan
  defaults        = { uuid = "00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_sns_topic" {
  override_during = plan
  defaults        = { arn = "arn:aws:sns:eu-central-1:123456789012:topic" }
}

mock_resource "aws_kms_key" {
  override_during = plan
  defaults        = { arn = "arn:aws:kms:eu-central-1:123456789012:key/key" }
}

mock_resource "aws_ecs_cluster" {
  override_during = plan
  defaults        = { arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/own" }
}

mock_resource "aws_ecs_task_definition" {
  override_during = plan
  defaults        = { arn = "arn:aws:ecs:eu-central-1:123456789012:task-definition/app:1" }
}

mock_resource "aws_appautoscaling_policy" {
  override_during = plan
  defaults        = { arn = "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:policy" }
}
