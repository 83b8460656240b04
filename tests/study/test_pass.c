/* One pass over the rows of a split: which rows come, and what is told of them. */
#include "study/pass.h"

#include "support/small_plan.h"

typedef struct seen {
  size_t rows, blocks, first; /* first: of the last block */
  hr_status answer;
} seen;

static hr_status see(void *context, const hr_block *block, hr_error *err) {
  seen *s = context;
  assert_int_equal(block->pixels, PLAN_PIXELS);
  assert_true(s->blocks == 0 || block->first_row > s->first);
  s->first = block->first_row;
  s->rows += block->rows;
  s->blocks++;
  return s->answer == HR_OK ? HR_OK : hr_fail(err, s->answer, "enough");
}

/* What the observer heard, and when it wants to stop. */
typedef struct heard {
  hr_progress last;
  size_t reports;
  size_t stop_at; /* report number; 0: never */
} heard;

static void hear(void *context, const hr_progress *progress) {
  heard *h = context;
  h->last = *progress;
  h->reports++;
}

static bool wants_to_stop(void *context) {
  const heard *h = context;
  return h->stop_at > 0 && h->reports >= h->stop_at;
}

static hr_plan *make_plan(heard *h, hr_observer *observer) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  *observer = (hr_observer){.context = h, .progress = hear, .interrupted = wants_to_stop};
  small_plan_configure("run: {block_rows: 5}\n");
  check_ok(hr_plan_create(plan_config, observer, &plan, &err));
  *h = (heard){.stop_at = h->stop_at};
  return plan;
}

static void every_row_comes_once(void **state) {
  (void)state;
  hr_error err = {0};
  for (int training = 0; training < 2; training++) {
    heard h = {.stop_at = 0};
    seen s = {.answer = HR_OK};
    hr_observer observer;
    hr_preparation counted = {0};
    hr_plan *plan = make_plan(&h, &observer);
    const hr_pass pass = {plan, training, "reading spectra", NULL, see, &s};
    check_ok(hr_pass_run(&pass, &counted, &err));
    hr_bad_files_fini(&counted.bad_files);
    size_t rows = training ? PLAN_TRAIN : PLAN_TEST;
    assert_int_equal(s.rows, rows);
    assert_int_equal(s.blocks, (rows + 4) / 5);
    assert_string_equal(h.last.stage, "reading spectra");
    assert_int_equal(h.last.done, rows);
    assert_int_equal(h.last.total, rows);
    assert_int_equal(h.reports, s.blocks + 1);
    assert_true(counted.bytes_read > 0 && h.last.bytes == counted.bytes_read);
    hr_plan_destroy(&plan);
  }
}

static void it_ends_where_it_is_told_to(void **state) {
  (void)state;
  hr_error err = {0};
  heard h = {.stop_at = 2};
  seen s = {.answer = HR_OK};
  hr_observer observer;
  hr_plan *plan = make_plan(&h, &observer);
  const hr_pass pass = {plan, true, "reading spectra", NULL, see, &s};
  check_fails(hr_pass_run(&pass, NULL, &err), HR_ERR_INTERRUPTED,
              "interrupted while reading spectra");
  assert_int_equal(s.blocks, 1);
  h.stop_at = 0;
  s = (seen){.answer = HR_ERR_NUMERIC};
  check_fails(hr_pass_run(&pass, NULL, &err), HR_ERR_NUMERIC, "enough");
  assert_int_equal(s.blocks, 1);
  hr_plan_destroy(&plan);
}

static void samples_show_their_runs_alone(void **state) {
  (void)state;
  hr_error err = {0};
  heard h = {.stop_at = 0};
  seen s = {.answer = HR_OK};
  hr_observer observer;
  hr_sample *sample = NULL;
  hr_plan *plan = make_plan(&h, &observer);
  const hr_sample_wish wish = {1, 0, 42};
  check_ok(hr_sample_create(&plan->view.train, 2, &wish, &sample, &err));
  const hr_pass pass = {plan, true, "sampling", sample, see, &s};
  check_ok(hr_pass_run(&pass, NULL, &err));
  assert_int_equal(s.rows, sample->streamed);
  assert_int_equal(h.last.total, sample->streamed);
  hr_sample_destroy(&sample);
  hr_plan_destroy(&plan);
}

int main(void) {
#define TEST(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST(every_row_comes_once),
      TEST(it_ends_where_it_is_told_to),
      TEST(samples_show_their_runs_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
