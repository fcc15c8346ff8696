//! A reader per tracker.

pub(crate) mod aim;
pub(crate) mod columns;
pub(crate) mod dvc_git;
pub(crate) mod dvc_project;
pub(crate) mod dvclive;
pub(crate) mod goodseed;
pub(crate) mod hf_trainer;
pub(crate) mod jsonl;
pub(crate) mod mlflow;
pub(crate) mod mlflow_file;
pub(crate) mod mlflow_points;
pub(crate) mod mlflow_rows;
pub(crate) mod mlflow_schemas;
pub(crate) mod mlflow_server;
pub(crate) mod mlflow_sqlite;
pub(crate) mod neptune2;
pub(crate) mod neptune3;
pub(crate) mod neptune_export;
pub(crate) mod row_log;
pub(crate) mod sacred;
pub(crate) mod table;
pub(crate) mod tensorboard;
pub(crate) mod trackio;
pub(crate) mod units;
pub(crate) mod wandb;
pub(crate) mod whole_json;
