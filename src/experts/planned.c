#include "experts/planned.h"

#include <math.h>

/* Defaults are those of the study "MOE-CEILING-C1-01" (examples/moe-ceiling-c1.yaml). */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define LIGHTGBM(member) \
  .name = #member, .offset = offsetof(hr_lightgbm_parameters, member)

static const hr_field lightgbm_fields[] = {
    {LIGHTGBM(n_estimators), .kind = HR_FIELD_INTEGER, .default_text = "500",
     .minimum = 1, .maximum = 1e6, .alias = "num_iterations", .help = "Trees."},
    {LIGHTGBM(max_depth), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = -1,
     .maximum = 1000, .help = "The most levels of a tree; 0 and -1: no limit."},
    {LIGHTGBM(learning_rate), .kind = HR_FIELD_NUMBER, .default_text = "0.05",
     .minimum = 1e-9, .maximum = INFINITY, .alias = "shrinkage_rate",
     .help = "The weight of each tree."},
    {LIGHTGBM(num_leaves), .kind = HR_FIELD_INTEGER, .default_text = "20", .minimum = 2,
     .maximum = 131072, .alias = "max_leaves", .help = "The most leaves of a tree."},
    {LIGHTGBM(feature_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.3",
     .minimum = 1e-9, .maximum = 1, .alias = "colsample_bytree",
     .help = "The share of pixels that each tree sees."},
    {LIGHTGBM(bagging_fraction), .kind = HR_FIELD_NUMBER, .default_text = "0.7",
     .minimum = 1e-9, .maximum = 1, .alias = "subsample",
     .help = "The share of rows that each tree sees."},
    {LIGHTGBM(bagging_freq), .kind = HR_FIELD_INTEGER, .default_text = "1", .minimum = 0,
     .maximum = 1e6, .alias = "subsample_freq",
     .help = "Rows are drawn anew after so many trees; 0: never drawn."},
    {LIGHTGBM(min_child_samples), .kind = HR_FIELD_INTEGER, .default_text = "50",
     .minimum = 0, .maximum = 1e9, .alias = "min_data_in_leaf",
     .help = "The fewest rows of a leaf."},
    {LIGHTGBM(reg_alpha), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l1", .help = "The L1 penalty on leaves."},
    {LIGHTGBM(reg_lambda), .kind = HR_FIELD_NUMBER, .default_text = "1.0", .minimum = 0,
     .maximum = INFINITY, .alias = "lambda_l2", .help = "The L2 penalty on leaves."},
    {LIGHTGBM(device), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|cpu|gpu", .alias = "device_type",
     .help = "Where trees are grown; auto: on a GPU where there is one, else the CPU."},
};

const hr_expert_type hr_planned_lightgbm_type = {
    .name = "lightgbm",
    .title = "LightGBM",
    .summary = "Gradient-boosted trees on raw noisy flux, never standardised.",
    .parameters_size = sizeof(hr_lightgbm_parameters),
    .fields = lightgbm_fields,
    .field_count = COUNT(lightgbm_fields),
};

#define CNN(member) .name = #member, .offset = offsetof(hr_cnn_parameters, member)

static const hr_field cnn_fields[] = {
    {CNN(channels), .kind = HR_FIELD_NUMBERS, .default_text = "[32, 64, 32]",
     .minimum = 1, .maximum = 65536, .whole = true, .least_count = 1,
     .help = "The channels of each convolution."},
    {CNN(kernel_size), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = 1,
     .maximum = 65536, .help = "The width of each convolution, in pixels of its input."},
    {CNN(pool_size), .kind = HR_FIELD_INTEGER, .default_text = "4", .minimum = 1,
     .maximum = 65536,
     .help = "Pixels that are pooled into one behind each convolution."},
    {CNN(fc_dim), .kind = HR_FIELD_INTEGER, .default_text = "64", .minimum = 1,
     .maximum = 65536, .help = "The width of the fully connected layer."},
    {CNN(epochs), .kind = HR_FIELD_INTEGER, .default_text = "50", .minimum = 1,
     .maximum = 1e6, .help = "Passes over the training rows."},
    {CNN(batch_size), .kind = HR_FIELD_INTEGER, .default_text = "256", .minimum = 1,
     .maximum = 1e9, .help = "Rows a step."},
    {CNN(lr), .kind = HR_FIELD_NUMBER, .default_text = "1e-3", .minimum = 1e-12,
     .maximum = INFINITY, .alias = "learning_rate", .help = "The learning rate."},
    {CNN(bins), .kind = HR_FIELD_NUMBERS, .default_text = "[3, 6]", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .help = "The bins that it is trained for."},
};

const hr_expert_type hr_planned_cnn_type = {
    .name = "cnn",
    .title = "1D-CNN",
    .summary = "A small convolutional network along the wavelength.",
    .parameters_size = sizeof(hr_cnn_parameters),
    .fields = cnn_fields,
    .field_count = COUNT(cnn_fields),
};
