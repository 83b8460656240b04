/* The vision transformer as a method: its parameters, the networks that they make, and
 * weights that a training elsewhere has left. */
#include "methods/vit/vit.h"

#include <math.h>
#include <string.h>

#include "methods/net/cost.h"
#include "methods/net/fields.h"
#include "models/heads.h"
#include "models/network.h"
#include "nn/vit_tensors.h"

static const hr_net_settings *settings(const void *parameters) {
  return &((const hr_vit_parameters *)parameters)->training;
}

static void shape(const hr_study_view *study, const void *parameters,
                  hr_net_design *out) {
  const hr_vit_parameters *p = parameters;
  out->shape.vit = (hr_vit_shape){.pixels = study->pixels,
                                  .patch = (size_t)p->patch_size,
                                  .width = (size_t)p->hidden_size,
                                  .layers = (size_t)p->num_hidden_layers,
                                  .heads = (size_t)p->num_attention_heads,
                                  .hidden = (size_t)p->intermediate_size,
                                  .head_hidden = (size_t)p->head_hidden_size,
                                  .outputs = 1,
                                  .dropout = p->dropout,
                                  .attention_dropout = p->attention_dropout};
}

/* Whether the file's output is the network's: heads of bins, and those with a hidden
 * layer, start as if there was none. */
static bool takes_heads(const void *parameters) {
  const hr_vit_parameters *p = parameters;
  return !hr_net_has_heads(&p->training) && p->head_hidden_size == 0;
}

static hr_status start(const void *parameters, hr_net *net, hr_error *err) {
  hr_status status = HR_OK;
  const char *path = ((const hr_vit_parameters *)parameters)->start;
  hr_tensors tensors = {.count = 0};
  if (!path) return HR_OK;
  HR_TRY(hr_tensors_read(path, &tensors, err));
  HR_TRY(hr_vit_take_tensors(&tensors, path, takes_heads(parameters), net, err));
cleanup:
  hr_tensors_fini(&tensors);
  return status;
}

static bool takes_raw(const void *parameters) {
  const hr_vit_parameters *p = parameters;
  const char *input = p->input ? p->input : "auto";
  return strcmp(input, "raw") == 0 || (strcmp(input, "auto") == 0 && p->start);
}

const hr_net_method hr_vit_networks = {
    .name = "vit",
    .title = "ViT",
    .stage = "training ViT",
    .products = "matrix products",
    .steadied = "",
    .without_bins = true,
    .kind = &hr_net_kind_vit,
    .settings = settings,
    .shape = shape,
    .start = start,
    .takes_raw = takes_raw,
};

static bool vit_wants_global(const void *parameters) {
  return settings(parameters)->global;
}

static const hr_strings *vit_beside(const void *parameters) {
  return &settings(parameters)->auxiliary;
}

/* What of the model of all rows alone has no meaning with heads. */
static hr_status check_heads(const hr_net_settings *p, hr_error *err) {
  const char *key = p->global_rows > 0 ? "global_rows" : "global_epochs";
  if (!hr_net_has_heads(p)) return HR_OK;
  if (p->global_rows == 0 && p->global_epochs == 0) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "experts.vit.%s has no effect with heads: bins, whose one network is "
                 "trained on all rows; leave it out",
                 key);
}

static hr_status check_rates(const hr_net_settings *p, hr_error *err) {
  if (p->min_lr <= p->lr) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "experts.vit.min_lr is %g, above lr, %g, from which the rate falls to "
                 "it; take a smaller one",
                 p->min_lr, p->lr);
}

static hr_status check_auxiliary(const hr_study_view *study, const hr_net_settings *p,
                                 hr_error *err) {
  const hr_strings *names = &p->auxiliary;
  if (names->count > HR_MOST_TARGETS) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "experts.vit.auxiliary names %zu labels, more than %d; name fewer",
                   names->count, HR_MOST_TARGETS);
  }
  for (size_t i = 0; i < names->count; i++) {
    const hr_strings before = {names->items, i};
    if (hr_strings_has(&before, names->items[i])) {
      return hr_fail(err, HR_ERR_CONFIG,
                     "experts.vit.auxiliary names %s twice; name every label once",
                     names->items[i]);
    }
    for (size_t t = 0; t < hr_study_targets(study); t++) {
      if (strcmp(names->items[i], hr_study_target_name(study, t)) != 0) continue;
      return hr_fail(err, HR_ERR_CONFIG,
                     "experts.vit.auxiliary names %s, which is a target and learnt with "
                     "the others anyway; leave it out",
                     names->items[i]);
    }
  }
  return HR_OK;
}

/* Whether the file has the weights of such a network, before a spectrum is read. */
static hr_status check_start(const hr_study_view *study, const hr_vit_parameters *p,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_net *net = NULL;
  hr_net_design design;
  if (!p->start) return HR_OK;
  HR_TRY(hr_net_design_of(&hr_vit_networks, study, p, &design, err));
  design.kind->choose(&design, false);
  HR_TRY(design.kind->create(&design, 1, &net, err));
  HR_TRY(start(p, net, err));
cleanup:
  if (net) net->type->destroy(&net);
  return status;
}

static hr_status vit_check(const hr_study_view *study, const void *parameters,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  const hr_net_settings *p = settings(parameters);
  if (p->bins.count == 0 && !p->global && !hr_net_has_heads(p)) {
    return hr_fail(err, HR_ERR_CONFIG,
                   "experts.vit has no bins and no model of all rows, so that there is "
                   "nothing to train; give it bins, or global: true");
  }
  HR_TRY(check_heads(p, err));
  HR_TRY(check_rates(p, err));
  HR_TRY(check_auxiliary(study, p, err));
  HR_TRY(hr_net_check(&hr_vit_networks, study, parameters, err));
  status = check_start(study, parameters, &reason);
  if (status != HR_OK) {
    status = hr_fail(err, status, "experts.vit.start: %s", reason.message);
  }
cleanup:
  return status;
}

static void vit_estimate(const hr_study_view *study, const void *parameters,
                         hr_cost *cost) {
  hr_net_estimate(&hr_vit_networks, study, parameters, cost);
}

static hr_status vit_begin(const hr_study_view *study, const void *parameters,
                           hr_learner **out, hr_error *err) {
  return hr_net_begin(&hr_vit_networks, study, parameters, out, err);
}

#define COUNT(array)   (sizeof(array) / sizeof(array)[0])
#define MEMBER(member) .name = #member, .offset = offsetof(hr_vit_parameters, member)
#define SETTING(member) \
  .name = #member, .offset = offsetof(hr_vit_parameters, training.member)

/* Names are those of Hugging Face's ViT and of PyTorch; defaults are the published
 * SpecViT's, but for the epochs, of which it had 200 for a million spectra. */
static const hr_field fields[] = {
    {MEMBER(patch_size), .kind = HR_FIELD_INTEGER, .default_text = "16", .minimum = 1,
     .maximum = 65536,
     .help = "Pixels that are one token; they have to divide the spectrum's."},
    {MEMBER(hidden_size), .kind = HR_FIELD_INTEGER, .default_text = "256", .minimum = 1,
     .maximum = 65536, .help = "The width of a token."},
    {MEMBER(num_hidden_layers), .kind = HR_FIELD_INTEGER, .default_text = "6",
     .minimum = 1, .maximum = 1024, .help = "Blocks of attention and MLP."},
    {MEMBER(num_attention_heads), .kind = HR_FIELD_INTEGER, .default_text = "8",
     .minimum = 1, .maximum = 65536,
     .help = "Heads of each block's attention; they have to divide hidden_size."},
    {MEMBER(intermediate_size), .kind = HR_FIELD_INTEGER, .default_text = "1024",
     .minimum = 1, .maximum = 65536, .help = "The width of each block's MLP."},
    {MEMBER(head_hidden_size), .kind = HR_FIELD_INTEGER, .default_text = "0",
     .minimum = 0, .maximum = 65536,
     .help = "The width of a hidden layer, with a GELU behind it, of each output's head; "
             "0: heads are linear."},
    {MEMBER(dropout), .kind = HR_FIELD_NUMBER, .default_text = "0.1", .minimum = 0,
     .maximum = 0.99, .alias = "hidden_dropout_prob",
     .help = "The share of tokens' values that a step of training sets to 0."},
    {MEMBER(attention_dropout), .kind = HR_FIELD_NUMBER, .default_text = "0.1",
     .minimum = 0, .maximum = 0.99, .alias = "attention_probs_dropout_prob",
     .help = "The share of attention weights that a step of training sets to 0."},
    {MEMBER(input), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|scaled|raw",
     .help =
         "What the network takes: each pixel less its mean, in units of its "
         "deviation over the training rows (scaled), or flux as the files have it, as "
         "the published network does (raw); auto: raw with start, else scaled."},
    {MEMBER(start), .kind = HR_FIELD_TEXT, .default_text = "none", .may_be_none = true,
     .is_path = true,
     .help = "A file of weights to start with, safetensors with the names of Hugging "
             "Face's ViT and this shape; relative to the configuration's folder. Heads "
             "of bins, and those with a hidden layer, are not taken from it."},
    HR_NET_FIELDS_STEPS,
    {SETTING(lr), .kind = HR_FIELD_NUMBER, .default_text = "3e-4", .minimum = 1e-12,
     .maximum = INFINITY, .alias = "learning_rate",
     .help = "The highest learning rate; it falls to min_lr along half a cosine."},
    {SETTING(min_lr), .kind = HR_FIELD_NUMBER, .default_text = "1e-5", .minimum = 0,
     .maximum = INFINITY, .alias = "eta_min",
     .help = "The learning rate of the last step."},
    HR_NET_FIELD_WEIGHT_DECAY,
    {SETTING(grad_clip), .kind = HR_FIELD_NUMBER, .default_text = "0.5", .minimum = 0,
     .maximum = INFINITY, .alias = "gradient_clip_val",
     .help = "The most that the norm of a step's gradient is; 0: whatever it is."},
    HR_NET_FIELDS_EPOCHS("0", "0"),
    {SETTING(restart_after), .kind = HR_FIELD_INTEGER, .default_text = "20", .minimum = 1,
     .maximum = 1e6,
     .help = "A training that is no better than the mean after so many epochs is started "
             "again, once, with a tenth of lr."},
    HR_NET_FIELD_REDRAW,
    {SETTING(precision), .kind = HR_FIELD_TEXT, .default_text = "auto",
     .choices = "auto|fp32|bf16",
     .help = "What matrix products multiply: fp32, or values rounded to bf16, faster "
             "where the processor has it (else fp32, with a warning); auto: bf16 where "
             "the processor has it. The card says which it was."},
    {SETTING(joint), .kind = HR_FIELD_BOOL, .default_text = "true",
     .help = "Whether one network learns all targets, in about the time of one; false: "
             "one network a target. Of no effect where there is one target."},
    {SETTING(auxiliary), .kind = HR_FIELD_TEXTS, .default_text = "[]",
     .help = "Labels of the training rows that the network learns beside the targets, "
             "and that are not predicted."},
    {SETTING(heads), .kind = HR_FIELD_TEXT, .default_text = "none",
     .choices = "none|bins",
     .help = "bins: one network for all bins, with a head for each that learns "
             "from the rows of its bin alone, and one of all rows with global; all bins "
             "have one unless `bins` names some."},
    {SETTING(bins), .kind = HR_FIELD_NUMBERS, .default_text = "none", .minimum = 0,
     .maximum = HR_MOST_BINS - 1, .order = HR_FIELD_DISTINCT, .whole = true,
     .least_count = 1, .may_be_none = true, .may_be_all = true,
     .help = "The bins that it is trained for, each by a network of its own."},
    {SETTING(global), .kind = HR_FIELD_BOOL, .default_text = "true",
     .help = "Whether a network is trained on the rows of all bins and the uncovered "
             "ones."},
    HR_NET_FIELDS_OF_ALL_ROWS,
};

#define OWN                                                                           \
  .name = "vit", .title = "ViT",                                                      \
  .summary = "A vision transformer: attention between patches of the spectrum.",      \
  .parameters_size = sizeof(hr_vit_parameters), .fields = fields,                     \
  .field_count = COUNT(fields), .has_global = true, .wants_global = vit_wants_global, \
  .beside = vit_beside, .check = vit_check, .estimate = vit_estimate,                 \
  .begin = vit_begin, .learn = hr_net_learn, .resume = hr_net_resume,                 \
  .is_trained = hr_net_is_trained, .finish = hr_net_finish, .destroy = hr_net_destroy

static const hr_method of_all_rows = {OWN, .kind = &hr_network_model_type,
                                      .only_global = true};

static const hr_method with_heads = {OWN, .kind = &hr_heads_type};

static const hr_method *vit_form(const void *parameters) {
  const hr_net_settings *p = settings(parameters);
  if (hr_net_has_heads(p)) return &with_heads;
  return p->bins.count == 0 ? &of_all_rows : &hr_vit_method;
}

const hr_method hr_vit_method = {OWN, .kind = &hr_network_model_type, .form = vit_form,
                                 .slots_apart = true};
