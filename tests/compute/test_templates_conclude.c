/* From gains to sums of weights, and from those to posteriors. */
#include "support/small_templates.h"

static const hr_templates_options over_pixels = {.weigh = HR_WEIGH_PIXELS};

/* A gain of −90 is nothing beside 3, and templates of the row's fold are not there. */
static void kept_weights_are_exponentials(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  hr_templates *t = s->templates;
  const hr_template_tile *tile = &t->tiles[1];
  double sum = 0, first = 0, second = 0, squares = 0, largest = -INFINITY;
  float gain[HR_TEMPLATE_TILE];
  for (size_t i = 0; i < tile->count; i++) {
    size_t place = tile->first + i;
    gain[i] = i == 50 ? -90 : 3 - 0.2F * (float)((i * 37) % 100);
    if (t->fold[place] == 2) continue;
    largest = fmax(largest, (double)gain[i]);
  }
  for (size_t i = 0; i < tile->count; i++) {
    size_t place = tile->first + i;
    double y = s->label[t->slot[place]].y - t->centre_label[0];
    double w = t->fold[place] == 2 || i == 50 ? 0 : exp((double)gain[i] - largest);
    sum += w;
    first += w * y;
    second += w * y * y;
    squares += w * w;
  }
  hr_templates_keep(&s->comparison, 1, 2, 2, gain);
  const hr_template_sums *kept = &s->work->sums[2 * t->tile_count + 1];
  assert_false(kept->is_open);
  hr_templates_open(&s->comparison, 1, 2);
  assert_true(kept->is_open);
  check_near(kept->sum, sum, 1e-6 * sum);
  check_near(kept->first_moment, first, 1e-6 * sum);
  check_near(kept->second_moment, second, 1e-6 * sum);
  check_near(kept->squares, squares, 1e-6 * sum);
  check_near(kept->largest - hr_templates_base(&s->comparison, 1, 2), largest, 1e-6);
  small_templates_destroy(s);
}

/* A tile whose best template has `apart` of log weight less than that of the other. */
static bool opens_at(small_templates *s, double apart) {
  const hr_templates *t = s->templates;
  float gain[HR_TEMPLATE_TILE];
  for (size_t k = 0; k < t->tile_count; k++) {
    double wanted = k == 1 ? -apart : 0;
    wanted -= hr_templates_base(&s->comparison, k, 2);
    for (size_t i = 0; i < t->tiles[k].count; i++) gain[i] = (float)wanted;
    hr_templates_keep(&s->comparison, k, 2, HR_NO_FOLD, gain);
  }
  hr_templates_conclude(&s->comparison, 2, &s->work->scratch[0].local);
  assert_true(s->work->sums[2 * t->tile_count].is_open);
  return s->work->sums[2 * t->tile_count + 1].is_open;
}

/* What is nothing beside the heaviest is not looked into, unless it is asked for. */
static void light_tiles_stay_closed(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  assert_int_equal(s->templates->tile_count, 2);
  s->comparison.wants_own[2] = 0;
  assert_true(opens_at(s, 59));
  assert_false(opens_at(s, 61));
  s->comparison.wants_own[2] = 1;
  s->group[2] = 1;
  assert_true(opens_at(s, 61));
  small_templates_destroy(s);
}

/* The posterior of row r over a group, HR_NO_GROUP: all, by the formula. */
static hr_posterior on_paper(const small_templates *s, size_t r, int32_t group) {
  double weight[SMALL_COUNT], largest = -INFINITY, sum = 0, squares = 0;
  hr_posterior out = {.mean = 0};
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    bool counts = s->label[i].fold != s->fold[r] &&
                  (group == HR_NO_GROUP || s->label[i].group == group);
    weight[i] = counts ? small_term(s, HR_TERM_WEIGHT, r, s->f + i * SMALL_PIXELS)
                       : -(double)INFINITY;
    largest = fmax(largest, weight[i]);
  }
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    double w = exp(weight[i] - largest);
    sum += w;
    squares += w * w;
    out.mean += w * s->label[i].y;
  }
  out.mean /= sum;
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    double off = s->label[i].y - out.mean;
    out.variance += exp(weight[i] - largest) / sum * off * off;
  }
  out.effective = sum * sum / squares;
  return out;
}

static void posteriors_are_those_of_the_formula(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  for (size_t r = 0; r < SMALL_ROWS; r++) {
    const hr_posterior own = on_paper(s, r, s->group[r]);
    const hr_posterior all = on_paper(s, r, HR_NO_GROUP);
    check_near(s->own[r].mean, own.mean, 1e-5);
    check_near(s->own[r].variance, own.variance, 1e-5);
    check_near(s->own[r].effective, own.effective, 1e-4 * own.effective);
    check_near(s->all[r].mean, all.mean, 1e-5);
    check_near(s->all[r].variance, all.variance, 1e-5);
    check_near(s->all[r].effective, all.effective, 1e-4 * all.effective);
  }
  small_templates_destroy(s);
}

/* A group that no template is of has no posterior; what is not wanted is left. */
static void without_templates_there_is_none(void **state) {
  small_templates *s = small_templates_create(&over_pixels, *state);
  const hr_template_local *local = &s->work->scratch[0].local;
  double before = s->all[1].mean;
  s->group[1] = 9;
  s->comparison.wants_all[1] = false;
  s->all[1].mean = before + 1;
  hr_templates_conclude(&s->comparison, 1, local);
  assert_true(isnan(s->own[1].mean) && isnan(s->own[1].variance));
  assert_true(isnan(s->own[1].effective));
  check_near(s->all[1].mean, before + 1, 0);
  s->comparison.wants_all[1] = true;
  hr_templates_conclude(&s->comparison, 1, local);
  check_near(s->all[1].mean, before, 1e-7);
  small_templates_destroy(s);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(kept_weights_are_exponentials),
      on_both(light_tiles_stay_closed),
      on_both(posteriors_are_those_of_the_formula),
      on_both(without_templates_there_is_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
