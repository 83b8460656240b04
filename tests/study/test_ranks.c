/* What ranks tell one another, with threads for ranks; whole studies under mpirun are in
 * tests/python/test_ranks.py. */
#include "study/ranks.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/file.h"
#include "core/observe.h"
#include "headroom/version.h"
#include "session/rank_folders.h"
#include "support/scratch.h"
#include "support/small_plan.h"
#include "support/thread_world.h"
#include "support/warnings.h"

static scratch s;
static hr_plan *plan;
static hr_error err;

/* What came of each rank. */
static struct {
  hr_status status;
  hr_error err;
  bool was_told, is_broken;
} found[THREAD_RANKS];

static warnings heard; /* of the host */

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  memset(found, 0, sizeof found);
  memset(&heard, 0, sizeof heard);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  hr_plan_destroy(&plan);
  return 0;
}

static void wait_until_told(hr_ranks *ranks) {
  const struct timespec moment = {.tv_nsec = 10000000};
  while (!hr_observe_wants_stop(&ranks->observer)) nanosleep(&moment, NULL);
}

static void keep(size_t rank, hr_ranks *ranks, hr_status status) {
  found[rank].status = status;
  found[rank].is_broken = hr_world_is_broken(ranks->world);
}

static void check_rank(size_t rank, hr_status status, const char *sentence) {
  assert_int_equal(found[rank].status, status);
  assert_string_equal(found[rank].err.message, sentence);
}

/* Ranks of which guest 2 fails at `step`: 0 nobody does. */
static size_t failing_step;
static hr_origin origins[THREAD_RANKS];

static hr_status part(size_t rank, hr_ranks *ranks, hr_error *e) {
  if (failing_step == 0) return HR_OK;
  if (rank == 2) return hr_fail(e, HR_ERR_IO, "the disk is full");
  wait_until_told(ranks);
  found[rank].was_told = true;
  return hr_fail(e, HR_ERR_INTERRUPTED, "interrupted while training");
}

static void live(size_t rank, hr_world *world) {
  hr_ranks ranks;
  const hr_observer observer = warnings_observer(&heard);
  hr_error *e = &found[rank].err;
  hr_status status = hr_ranks_init(&ranks, world, rank == 0 ? &observer : NULL, e);
  if (status == HR_OK && failing_step == 1 && rank == 2) {
    status = hr_fail(e, HR_ERR_MISSING, "no such file");
  }
  status = hr_ranks_agree(&ranks, status, &origins[rank], e);
  if (status == HR_OK) {
    ranks.is_working = true;
    hr_observe_info(&ranks.observer, "nobody needs this of %d ranks", THREAD_RANKS);
    if (rank == 1) hr_observe_warning(&ranks.observer, "not converged");
    status = hr_ranks_end(&ranks, s.path, &ranks.observer, part(rank, &ranks, e), e);
    status = hr_ranks_conclude(&ranks, status, e);
  }
  keep(rank, &ranks, status);
  hr_ranks_fini(&ranks);
}

static void name_origins(void) {
  for (size_t r = 0; r < THREAD_RANKS; r++) {
    origins[r] = (hr_origin){.fingerprint = "0123", .train_rows = 8, .test_rows = 4};
  }
}

static void all_is_well(void **state) {
  (void)state;
  name_origins();
  failing_step = 0;
  thread_world_run(live);
  for (size_t r = 0; r < THREAD_RANKS; r++) check_rank(r, HR_OK, "");
  assert_int_equal(heard.count, 1);
  assert_string_equal(heard.last, "rank 1 of 3 (node1): not converged");
}

/* The host says it, and guests have the status alone. */
static void one_cannot_begin(void **state) {
  (void)state;
  name_origins();
  failing_step = 1;
  thread_world_run(live);
  check_rank(0, HR_ERR_MISSING, "rank 2 of 3 (node2): no such file");
  check_rank(1, HR_ERR_MISSING, "");
  check_rank(2, HR_ERR_MISSING, "");
  assert_int_equal(heard.count, 0);
}

static void one_fails_at_work(void **state) {
  (void)state;
  name_origins();
  failing_step = 2;
  thread_world_run(live);
  check_rank(0, HR_ERR_IO, "rank 2 of 3 (node2): the disk is full");
  check_rank(1, HR_ERR_IO, "");
  check_rank(2, HR_ERR_IO, "");
  assert_true(found[0].was_told && found[1].was_told);
}

static void one_sees_other_data(void **state) {
  (void)state;
  name_origins();
  failing_step = 0;
  snprintf(origins[1].fingerprint, sizeof origins[1].fingerprint, "4567");
  origins[1].test_rows = 5;
  thread_world_run(live);
  check_rank(0, HR_ERR_DATA,
             "rank 1 of 3 (node1) sees another study than rank 0: headroom " HR_VERSION
             ", fingerprint 4567, 8 and 5 rows there, headroom " HR_VERSION
             ", 0123, 8 and 4 here; configuration and data have to lie on a disk that "
             "all machines see");
  check_rank(1, HR_ERR_DATA, "");
}

/* Guest 1 gives up its lock and is not heard of again. */
static void die(size_t rank, hr_world *world) {
  hr_ranks ranks;
  hr_rank_hold hold = {.lock = -1};
  hr_error *e = &found[rank].err;
  hr_status status = hr_ranks_init(&ranks, world, NULL, e);
  if (rank > 0) status = hr_rank_take(s.path, rank, THREAD_RANKS, &hold, e);
  status = hr_ranks_agree(&ranks, status, NULL, e);
  if (rank == 0) hr_ranks_watch(&ranks, s.path);
  if (hr_world_barrier(world, e) != HR_OK) status = HR_ERR_IO;
  if (rank == 1) hr_rank_release(&hold);
  if (status == HR_OK && rank != 1) {
    status = hr_ranks_end(&ranks, s.path, &ranks.observer, HR_OK, e);
  }
  keep(rank, &ranks, status);
  hr_rank_release(&hold);
  hr_ranks_fini(&ranks);
}

static void one_dies(void **state) {
  (void)state;
  thread_world_run(die);
  check_rank(0, HR_ERR_IO,
             "rank 1 of 3 (node1) died without a word: it was killed, or its machine had "
             "no memory left; what is done stays, and --resume goes on, with any number "
             "of ranks");
  assert_true(found[0].is_broken);
  assert_false(found[2].is_broken);
}

static bool always(void *context) {
  (void)context;
  return true;
}

/* The caller of one rank wants to stop: of the host at work, of a guest that waits. */
static size_t asking;

static void ask(size_t rank, hr_world *world) {
  hr_ranks ranks;
  const hr_observer observer = {.interrupted = always};
  hr_error *e = &found[rank].err;
  hr_status status = hr_ranks_init(&ranks, world, rank == asking ? &observer : NULL, e);
  if (asking == 0 && rank > 0) {
    wait_until_told(&ranks);
    status = hr_fail(e, HR_ERR_INTERRUPTED, "interrupted while training");
  }
  status = hr_ranks_end(&ranks, s.path, &ranks.observer, status, e);
  if (asking > 0 && rank == 0) {
    wait_until_told(&ranks);
    status = hr_fail(e, HR_ERR_INTERRUPTED, "interrupted while judging");
  }
  status = hr_ranks_conclude(&ranks, status, e);
  keep(rank, &ranks, status);
  hr_ranks_fini(&ranks);
}

static void the_host_is_asked_to_stop(void **state) {
  (void)state;
  asking = 0;
  thread_world_run(ask);
  check_rank(0, HR_ERR_INTERRUPTED, "interrupted while waiting for the other ranks");
  check_rank(1, HR_ERR_INTERRUPTED, "");
  check_rank(2, HR_ERR_INTERRUPTED, "");
}

static void a_guest_that_waits_is_asked_to_stop(void **state) {
  (void)state;
  asking = 2;
  thread_world_run(ask);
  check_rank(0, HR_ERR_INTERRUPTED, "interrupted while judging");
  check_rank(1, HR_ERR_INTERRUPTED, "");
}

static hr_share shares[THREAD_RANKS];

static void divide(size_t rank, hr_world *world) {
  hr_ranks ranks;
  hr_error *e = &found[rank].err;
  hr_status status = hr_ranks_init(&ranks, world, NULL, e);
  if (status == HR_OK) {
    status = hr_ranks_divide(&ranks, plan, s.path, &shares[rank], e);
  }
  keep(rank, &ranks, status);
  hr_ranks_fini(&ranks);
}

/* The records of all tasks of an expert that is one piece. */
static void record(size_t expert) {
  hr_strings tasks = {0};
  const hr_piece piece = {.expert = expert, .slot = HR_EVERY_SLOT};
  check_ok(hr_piece_tasks(plan, &piece, &tasks, &err));
  for (size_t i = 0; i < tasks.count; i++) {
    char name[128];
    snprintf(name, sizeof name, "tasks/%s", tasks.items[i]);
    check_ok(hr_make_folders(scratch_name(&s, name), &err));
    snprintf(name, sizeof name, "tasks/%s/card.json", tasks.items[i]);
    scratch_write(&s, name, "{}");
  }
  hr_strings_fini(&tasks);
}

static size_t count_shares(size_t expert) {
  size_t count = 0;
  for (size_t r = 0; r < THREAD_RANKS; r++) count += shares[r].has[expert];
  return count;
}

/* Every piece once; one whose tasks are there not at all. */
static void pieces_are_dealt_once(void **state) {
  (void)state;
  small_plan_configure("experts: {ridge: , posterior: }\n");
  check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
  thread_world_run(divide);
  for (size_t e = 0; e < plan_config->expert_count; e++) {
    bool is_divided = hr_division_splits(plan_config->experts[e].type);
    if (!is_divided) assert_int_equal(count_shares(e), 1);
  }
  assert_true(count_shares(0) > 1); /* Ridge, slot by slot */
  record(1);
  thread_world_run(divide);
  assert_true(count_shares(0) > 1);
  assert_int_equal(count_shares(1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(all_is_well),
                                     TEST(one_cannot_begin),
                                     TEST(one_fails_at_work),
                                     TEST(one_sees_other_data),
                                     TEST(one_dies),
                                     TEST(the_host_is_asked_to_stop),
                                     TEST(a_guest_that_waits_is_asked_to_stop),
                                     TEST(pieces_are_dealt_once)};
  return cmocka_run_group_tests(tests, small_plan_set_up, small_plan_tear_down);
}
