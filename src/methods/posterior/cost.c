/* Memory and time of the posterior mean, by counts alone. */
#include "methods/posterior/cost.h"

#include <math.h>

#include "compute/templates.h"
#include "core/observe.h"
#include "methods/posterior/grid.h"
#include "simulate/draws.h"

enum {
  FEW_EFFECTIVE = 10, /* a mean over fewer templates is noisy in itself */
  DRAWN_ROWS = 500,   /* test rows of which a study keeps draws (study/draws.h) */
  DRAWN_BYTES = 4 * HR_PREDICT_DRAWS + 8,
};

void hr_posterior_estimate(const hr_study_view *study, const void *parameters,
                           hr_cost *cost) {
  const hr_posterior_parameters *posterior = parameters;
  double pixels = (double)study->pixels, rows = (double)study->train.rows;
  double held = 0, most = (double)posterior->validation, of_all = fmin(rows, most);
  bool from_grid = hr_posterior_is_from_grid(posterior);
  double wanted = (double)posterior->templates;
  double count = from_grid ? wanted : fmin(rows, wanted);
  size_t counts[HR_MOST_BINS + 1], templates = (size_t)count;
  size_t groups = study->bin_count + 1;
  hr_templates_options options = hr_posterior_options(study, posterior);
  double per_spectrum =
      hr_templates_operations(templates, study->pixels, groups, &options);
  double spectra = of_all + (double)study->test_rows;
  hr_count_bins(study->train.bin, study->train.rows, study->bin_count, counts);
  for (size_t k = 0; k < study->bin_count; k++) {
    held += fmin((double)counts[k], most);
    spectra += fmin((double)counts[k], most) * (double)counts[k] / fmax(rows, 1);
  }
  cost->memory_bytes = hr_templates_bytes(templates, study->pixels, groups, &options) +
                       8 * (pixels + 1) * (held + of_all) + 48 * rows;
  if (from_grid) cost->memory_bytes += hr_posterior_grid_bytes(study, templates);
  cost->gathered_bytes = cost->memory_bytes;
  cost->operations = spectra * per_spectrum;
  cost->row_operations = per_spectrum;
  if (from_grid) cost->operations += hr_draw_operations(study->pixels) * count;
  if (options.weigh == HR_WEIGH_COMPONENTS) cost->operations += 300 * pixels * count;
  /* Pixels in fp32, or what components leave of them in int16; beside them components,
   * 0.6 bytes a value with 20,000 templates of 4,096 pixels. */
  cost->full_bytes = 4.6 * count * pixels;
  cost->bundle_bytes = 2.6 * count * pixels;
  cost->disk_bytes = (double)hr_study_targets(study) *
                     ((from_grid ? 48 : 16) * count + 56 * (double)study->test_rows +
                      DRAWN_BYTES * fmin(DRAWN_ROWS, (double)study->test_rows));
}

/* A spectrum has at most as many effective templates as its bin has templates: where
 * there are fewer than a mean takes, it cannot have enough, whatever the noise. */
void hr_posterior_warn(const hr_study_view *study, const void *parameters) {
  const hr_posterior_parameters *posterior = parameters;
  size_t wanted = (size_t)posterior->templates, least = FEW_EFFECTIVE * study->bin_count;
  if (wanted >= least) return;
  hr_observe_warning(study->observer,
                     "experts.posterior.templates is %zu for %zu bin%s: too few for a "
                     "posterior mean in each, which takes %d or more a bin; write at "
                     "least %zu, or leave it out for 20000",
                     wanted, study->bin_count, study->bin_count == 1 ? "" : "s",
                     FEW_EFFECTIVE, least);
}
