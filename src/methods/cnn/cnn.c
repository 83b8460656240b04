/* The 1D-CNN as a method: its parameters, and the networks that they make. */
#include "methods/cnn/cnn.h"

#include <math.h>

#include "methods/net/cost.h"
#include "methods/net/fields.h"
#include "models/network.h"

static const hr_net_settings *settings(const void *parameters) {
  return &((const hr_cnn_parameters *)parameters)->training;
}

static void shape(const hr_study_view *study, const void *parameters,
                  hr_net_design *out) {
  const hr_cnn_parameters *p = parameters;
  hr_network_shape *made = &out->shape.cnn;
  *made = (hr_network_shape){.pixels = study->pixels,
                             .blocks = p->channels.count,
                             .kernel = (size_t)p->kernel_size,
                             .pool = (size_t)p->pool_size,
                             .hidden = (size_t)p->fc_dim,
                             .batch_norm = p->batch_norm};
  for (size_t b = 0; b < made->blocks && b < HR_MOST_BLOCKS; b++) {
    made->channels[b] = (size_t)p->channels.items[b];
  }
}

static void steady(hr_net_design *design) {
  design->shape.cnn.batch_norm = true;
}

const hr_net_method hr_cnn_networks = {
    .name = "cnn",
    .title = "1D-CNN",
    .stage = "training 1D-CNN",
    .products = "convolutions",
    .steadied = " and batch normalisation",
    .kind = &hr_net_kind_cnn,
    .settings = settings,
    .shape = shape,
    .steady = steady,
};

static hr_status cnn_available(hr_error *err) {
  if (hr_convolver_fp32()) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING,
                 "this program was built without oneDNN; install libdnnl-dev "
                 "(scripts/setup.sh build) and build it with -DHR_ONEDNN=ON");
}

static bool cnn_wants_global(const void *parameters) {
  return settings(parameters)->global;
}

static hr_status cnn_check(const hr_study_view *study, const void *parameters,
                           hr_error *err) {
  return hr_net_check(&hr_cnn_networks, study, parameters, err);
}

static void cnn_estimate(const hr_study_view *study, const void *parameters,
                         hr_cost *cost) {
  hr_net_estimate(&hr_cnn_networks, study, parameters, cost);
}

static hr_status cnn_begin(const hr_study_view *study, const void *parameters,
                           hr_learner **out, hr_error *err) {
  return hr_net_begin(&hr_cnn_networks, study, parameters, out, err);
}

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) .name = #member, .offset = offsetof(hr_cnn_parameters, member)
#define SETTING(member) \
  .name = #member, .offset = offsetof(hr_cnn_parameters, training.member)

/* Defaults are those of the study "MOE-CEILING-C1-01" (examples/moe-ceiling-c1.yaml), as
 * far as it names them; the others were measured (docs/numerics.md). */
static const hr_field fields[] = {
    {MEMBER(channels), .kind = HR_FIELD_NUMBERS, .default_text = "[32, 64, 32]",
     .minimum = 1, .maximum = 65536, .whole = true, .least_count = 1,
     .help = "The channels of each convolution."},
    {MEMBER(kernel_size), .kind = HR_FIELD_INTEGER, .default_text = "5", .minimum = 1,
     .maximum = 65536, .help = "The width of each convolution, in pixels of its input."},
    {MEMBER(pool_size), .kind = HR_FIELD_INTEGER, .default_text = "4", .minimum = 1,
     .maximum = 128, .help = "Pixels that are pooled into one behind each convolution."},
    {MEMBER(fc_dim), .kind = HR_FIELD_INTEGER, .default_text = "64", .minimum = 1,
     .maximum = 65536, .help = "The width of the fully connected layer."},
    {MEMBER(batch_norm), .kind = HR_FIELD_BOOL, .default_text = "true",
     .help = "Whether each convolution's output is normalised over the batch."},
    HR_NET_FIELDS_STEPS,
    {SETTING(lr), .kind = HR_FIELD_NUMBER, .default_text = "1e-3", .minimum = 1e-12,
     .maximum = INFINITY, .alias = "learning_rate",
     .help = "The highest learning rate; it falls to 0 along half a cosine."},
    HR_NET_FIELD_WEIGHT_DECAY,
    HR_NET_FIELDS_EPOCHS("1", "15"),
    {SETTING(restart_after), .kind = HR_FIELD_INTEGER, .default_text = "10", .minimum = 1,
     .maximum = 1e6,
     .help = "A training that is no better than the mean after so many epochs is started "
             "again, once, with a tenth of lr and batch normalisation."},
    HR_NET_FIELD_REDRAW,
    {SETTING(precision), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|fp32|bf16",
     .help = "What convolutions multiply: fp32, or values rounded to bf16, faster where "
             "the processor has it (else fp32, with a warning); auto: bf16 where the "
             "processor has it. The card says which it was."},
    {SETTING(joint), .kind = HR_FIELD_BOOL, .default_text = "false",
     .help = "Whether one network learns all targets of a bin, in about the time of one; "
             "false: one network a target, which is the network that the target has when "
             "it is alone. Of no effect where there is one target."},
    {SETTING(bins), .kind = HR_FIELD_NUMBERS, .default_text = "[3, 6]", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .least_count = 1, .may_be_all = true,
     .help =
         "The bins that it is trained for; by default binning.focus or, where the "
         "study asks about none, those of 3 and 6 that the grid has, all where it has "
         "neither."},
    {SETTING(global), .kind = HR_FIELD_BOOL, .default_text = "false",
     .help = "Whether one more network is trained, on the rows of all bins and the "
             "uncovered ones."},
    HR_NET_FIELDS_OF_ALL_ROWS,
};

const hr_method hr_cnn_method = {
    .name = "cnn",
    .title = "1D-CNN",
    .summary = "A small convolutional network along the wavelength.",
    .parameters_size = sizeof(hr_cnn_parameters),
    .fields = fields,
    .field_count = COUNT(fields),
    .has_global = true,
    .slots_apart = true,
    .kind = &hr_network_model_type,
    .wants_global = cnn_wants_global,
    .available = cnn_available,
    .check = cnn_check,
    .estimate = cnn_estimate,
    .begin = cnn_begin,
    .learn = hr_net_learn,
    .resume = hr_net_resume,
    .is_trained = hr_net_is_trained,
    .finish = hr_net_finish,
    .destroy = hr_net_destroy,
};
