#include "experts/planned.h"

#include <math.h>

/* Defaults are those of the study "MOE-CEILING-C1-01" (examples/moe-ceiling-c1.yaml). */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define CNN(member)  .name = #member, .offset = offsetof(hr_cnn_parameters, member)

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
