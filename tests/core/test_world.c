/* A world of one, what launchers say, and what goes to an engine. */
#include "core/world.h"

#include <stdlib.h>

#include "core/error.h"

#include "support/check.h"
#include "support/fail_alloc.h"

static hr_error err;

static const char *const variables[] = {
    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "PMIX_RANK",
    "SLURM_STEP_NUM_TASKS"};
enum { VARIABLES = sizeof variables / sizeof variables[0] };

static int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < VARIABLES; i++) unsetenv(variables[i]);
  return 0;
}

static void check_launch(bool is_launched, size_t rank, size_t size) {
  const hr_world_launch launch = hr_world_find_launch();
  assert_int_equal(launch.is_launched, is_launched);
  assert_int_equal(launch.rank, rank);
  assert_int_equal(launch.size, size);
}

static void what_launchers_say(void **state) {
  check_launch(false, 0, 0);
  setenv("OMPI_COMM_WORLD_RANK", "2", 1);
  setenv("OMPI_COMM_WORLD_SIZE", "4", 1);
  setenv("PMIX_RANK", "2", 1);
  check_launch(true, 2, 4);
  setenv("OMPI_COMM_WORLD_RANK", "0", 1);
  setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
  check_launch(false, 0, 0);
  clear(state);
  setenv("PMI_RANK", "1", 1);
  setenv("PMI_SIZE", "3", 1);
  check_launch(true, 1, 3);
  clear(state);
  setenv("PMIX_RANK", "1", 1);
  check_launch(true, 1, 0);
  setenv("SLURM_STEP_NUM_TASKS", "2", 1);
  check_launch(true, 1, 2);
  setenv("SLURM_STEP_NUM_TASKS", "1", 1);
  check_launch(false, 0, 0);
  setenv("PMIX_RANK", "-1", 1);
  check_launch(false, 0, 0);
}

/* No engine is begun, and all that there is to say is said to oneself. */
static void check_alone(hr_world *world) {
  char name[HR_WORLD_NAME_BYTES];
  char bytes[HR_WORLD_LETTER_BYTES] = "mine", all[8] = "";
  size_t count = 0, from = 0;
  bool found = true;
  assert_int_equal(hr_world_rank(world), 0);
  assert_int_equal(hr_world_size(world), 1);
  assert_true(hr_world_is_alone(world));
  assert_int_equal(hr_world_neighbours(world), 1);
  hr_world_name(world, 0, name);
  assert_string_equal(name, "rank 0 of 1");
  check_ok(hr_world_barrier(world, &err));
  check_ok(hr_world_broadcast(world, bytes, 4, &err));
  assert_string_equal(bytes, "mine");
  check_ok(hr_world_gather(world, bytes, 5, all, &err));
  assert_string_equal(all, "mine");
  check_ok(hr_world_poll(world, bytes, &count, &from, &found, &err));
  assert_false(found);
  check_fails(hr_world_post(world, 0, bytes, 4, &err), HR_ERR_INTERNAL,
              "a letter of 4 bytes to rank 0 of 1");
  hr_world_abort(world, 3);
}

static hr_world_place stub_place;
static size_t stub_calls;

static hr_status stub_begin(void **state, hr_world_place *out, hr_error *e) {
  if (stub_place.size == 0) return hr_fail(e, HR_ERR_IO, "MPI_Init_thread failed: no");
  *state = &stub_place;
  *out = stub_place;
  return HR_OK;
}

static void stub_end(void **state) {
  stub_calls++;
  *state = NULL;
}

static hr_status stub_barrier(void *state, hr_error *e) {
  (void)state, (void)e;
  stub_calls++;
  return HR_OK;
}

static hr_status stub_broadcast(void *state, void *bytes, size_t count, hr_error *e) {
  (void)state, (void)e;
  if (count == 2) memset(bytes, 'b', count);
  return HR_OK;
}

static hr_status stub_gather(void *state, const void *record, size_t bytes, void *all,
                             hr_error *e) {
  (void)state, (void)e;
  for (size_t i = 0; all && i < stub_place.size; i++) {
    memcpy((char *)all + i * bytes, record, bytes);
    ((char *)all)[i * bytes] = (char)('a' + i);
  }
  return HR_OK;
}

static char letter[HR_WORLD_LETTER_BYTES];
static size_t letter_count;

static hr_status stub_post(void *state, size_t to, const void *bytes, size_t count,
                           hr_error *e) {
  (void)state, (void)to, (void)e;
  memcpy(letter, bytes, count);
  letter_count = count;
  return HR_OK;
}

static hr_status stub_poll(void *state, void *bytes, size_t *count, size_t *from,
                           bool *found, hr_error *e) {
  (void)state, (void)e;
  memcpy(bytes, letter, letter_count);
  *count = letter_count;
  *from = 2;
  *found = true;
  return HR_OK;
}

static void stub_abort(void *state, int code) {
  (void)state;
  stub_calls += (size_t)code;
}

static const hr_world_engine stub = {.name = "Stub 1",
                                     .begin = stub_begin,
                                     .end = stub_end,
                                     .barrier = stub_barrier,
                                     .broadcast = stub_broadcast,
                                     .gather = stub_gather,
                                     .post = stub_post,
                                     .poll = stub_poll,
                                     .abort = stub_abort};

static void a_world_of_one(void **state) {
  (void)state;
  hr_world *world = NULL;
  stub_calls = 0;
  check_alone(NULL);
  check_ok(hr_world_create(NULL, &world, &err));
  check_alone(world);
  hr_world_destroy(&world);
  assert_null(world);
  check_ok(hr_world_create(&stub, &world, &err)); /* nobody launched it: not begun */
  check_alone(world);
  hr_world_destroy(&world);
  assert_int_equal(stub_calls, 0);
}

static void launch(const char *rank, const char *size, size_t found) {
  setenv("PMI_RANK", rank, 1);
  setenv("PMI_SIZE", size, 1);
  stub_place = (hr_world_place){(size_t)atoi(rank), found, "node"};
}

static void a_world_of_three(void **state) {
  (void)state;
  hr_world *world = NULL;
  char name[HR_WORLD_NAME_BYTES], bytes[HR_WORLD_LETTER_BYTES] = "xyz", all[12];
  size_t count = 0, from = 0;
  bool found = false;
  launch("0", "3", 3);
  stub_calls = 0;
  check_ok(hr_world_create(&stub, &world, &err));
  assert_int_equal(hr_world_size(world), 3);
  assert_false(hr_world_is_alone(world));
  hr_world_name(world, 2, name);
  assert_string_equal(name, "rank 2 of 3 (code)"); /* as the stub gathers them */
  hr_world_name(world, 0, name);
  assert_string_equal(name, "rank 0 of 3 (aode)");
  assert_int_equal(hr_world_neighbours(world), 1);
  check_ok(hr_world_barrier(world, &err));
  check_ok(hr_world_gather(world, bytes, 4, all, &err));
  assert_memory_equal(all, "ayz\0byz\0cyz", 12);
  check_ok(hr_world_broadcast(world, bytes, 2, &err));
  assert_string_equal(bytes, "bbz");
  check_ok(hr_world_post(world, 2, "letter", 7, &err));
  check_ok(hr_world_poll(world, bytes, &count, &from, &found, &err));
  assert_true(found);
  assert_int_equal(from, 2);
  assert_string_equal(bytes, "letter");
  check_fails(hr_world_post(world, 3, "x", 1, &err), HR_ERR_INTERNAL,
              "a letter of 1 bytes to rank 3 of 3");
  check_fails(hr_world_post(world, 1, letter, HR_WORLD_LETTER_BYTES + 1, &err),
              HR_ERR_INTERNAL, "a letter of 2049 bytes to rank 1 of 3");
  hr_world_abort(world, 4);
  assert_int_equal(stub_calls, 5);
  hr_world_destroy(&world);
  assert_int_equal(stub_calls, 6);
}

/* The others may be gone: they are not waited for. */
static void a_broken_world(void **state) {
  (void)state;
  hr_world *world = NULL;
  launch("1", "3", 3);
  stub_calls = 0;
  check_ok(hr_world_create(&stub, &world, &err));
  assert_int_equal(hr_world_rank(world), 1);
  assert_false(hr_world_is_broken(world));
  hr_world_break(world);
  assert_true(hr_world_is_broken(world));
  hr_world_destroy(&world);
  assert_int_equal(stub_calls, 0);
  hr_world_break(NULL);
  assert_false(hr_world_is_broken(NULL));
}

static void what_cannot_be(void **state) {
  (void)state;
  hr_world *world = NULL;
  launch("0", "3", 3);
  check_fails(
      hr_world_create(NULL, &world, &err), HR_ERR_USAGE,
      "a launcher started several ranks, and this headroom was built without MPI; "
      "build it where libopenmpi-dev or another MPI is installed, or start it "
      "once");
  launch("0", "3", 1);
  check_fails(hr_world_create(&stub, &world, &err), HR_ERR_USAGE,
              "the launcher started 3 ranks and Stub 1 finds 1; start it with the mpirun "
              "of that MPI");
  launch("0", "3", 0);
  check_fails(hr_world_create(&stub, &world, &err), HR_ERR_IO,
              "MPI_Init_thread failed: no");
  assert_null(world);
}

static hr_status create(void) {
  hr_world *world = NULL;
  hr_status status = hr_world_create(&stub, &world, &err);
  hr_world_destroy(&world);
  return status;
}

static void memory_that_runs_out(void **state) {
  (void)state;
  launch("0", "3", 3);
  check_alloc_failures(create());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_launchers_say), TEST(a_world_of_one), TEST(a_world_of_three),
      TEST(a_broken_world),     TEST(what_cannot_be), TEST(memory_that_runs_out)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
