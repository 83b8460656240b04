/* Letters between ranks are few: warnings, the end of a part, "stop", the last word. The
 * host's decisions go out as status and flags; nothing else depends on what another rank
 * has computed but the files that it leaves. */
#include "study/ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/door.h"
#include "core/observe.h"
#include "headroom/version.h"
#include "session/rank_folders.h"
#include "study/merge.h"

static const double look_seconds = 0.05; /* between looks for letters */
static const double dead_seconds = 2.0;  /* without lock and letter */

typedef enum letter_kind {
  LETTER_WARNING, /* to the host */
  LETTER_END,     /* to the host: a part ended, with status */
  LETTER_ASKS,    /* to the host: a guest that waits was asked to stop */
  LETTER_STOP,    /* to guests */
  LETTER_VERDICT, /* to guests, with status */
} letter_kind;

typedef struct letter {
  letter_kind kind;
  hr_status status;
  char text[HR_ERROR_MESSAGE_BYTES];
} letter;
_Static_assert(sizeof(letter) <= HR_WORLD_LETTER_BYTES, "a letter goes at once");

static void nap(void) {
  const struct timespec time = {.tv_nsec = 20000000};
  nanosleep(&time, NULL);
}

bool hr_ranks_is_host(const hr_ranks *ranks) {
  return hr_world_rank(ranks->world) == 0;
}

/* A call between ranks failed, and with it everything. */
static hr_status broken(hr_ranks *ranks, hr_status status) {
  if (status != HR_OK) hr_world_break(ranks->world);
  return status;
}

static hr_status post(hr_ranks *ranks, size_t to, letter_kind kind, hr_status status,
                      const char *text, hr_error *err) {
  letter out = {.kind = kind, .status = status};
  snprintf(out.text, sizeof out.text, "%s", text);
  size_t bytes = offsetof(letter, text) + strlen(out.text) + 1;
  return broken(ranks, hr_world_post(ranks->world, to, &out, bytes, err));
}

static hr_status post_to_guests(hr_ranks *ranks, letter_kind kind, hr_status status,
                                hr_error *err) {
  hr_status posted = HR_OK;
  size_t size = hr_world_size(ranks->world);
  for (size_t r = 1; r < size && posted == HR_OK; r++) {
    posted = post(ranks, r, kind, status, "", err);
  }
  return posted;
}

static void note_failure(hr_ranks *ranks, size_t rank, hr_status status,
                         const char *sentence) {
  /* Who was told to stop is not the one that failed. */
  bool is_told = ranks->is_told && status == HR_ERR_INTERRUPTED;
  if (status == HR_OK || is_told || ranks->failed != SIZE_MAX) return;
  ranks->failed = rank;
  hr_fail(&ranks->failure, status, "%s", sentence);
}

static void say_of_rank(const hr_ranks *ranks, size_t rank, const char *line) {
  char name[HR_WORLD_NAME_BYTES];
  hr_world_name(ranks->world, rank, name);
  hr_observe_warning(ranks->log, "%s: %s", name, line);
}

static void take_letter(hr_ranks *ranks, size_t from, const letter *in) {
  switch (in->kind) {
    case LETTER_WARNING:
      say_of_rank(ranks, from, in->text);
      break;
    case LETTER_END:
      ranks->has_ended[from] = true;
      note_failure(ranks, from, in->status, in->text);
      break;
    case LETTER_ASKS:
      note_failure(ranks, from, in->status, in->text);
      break;
    case LETTER_STOP:
      ranks->is_told = true;
      break;
    case LETTER_VERDICT:
      ranks->has_verdict = true;
      ranks->verdict = in->status;
      break;
  }
}

/* Takes all letters that have come. */
static hr_status take_letters(hr_ranks *ranks, hr_error *err) {
  hr_status status = HR_OK;
  bool found = true;
  ranks->looked = hr_clock_seconds();
  while (status == HR_OK && found) {
    char bytes[HR_WORLD_LETTER_BYTES];
    letter in = {.status = HR_OK};
    size_t count = 0, from = 0;
    status =
        broken(ranks, hr_world_poll(ranks->world, bytes, &count, &from, &found, err));
    if (status != HR_OK || !found) break;
    memcpy(&in, bytes, count < sizeof in ? count : sizeof in);
    take_letter(ranks, from, &in);
  }
  return status;
}

static void take_line(void *context, hr_log_level level, const char *line) {
  hr_ranks *ranks = context;
  const hr_observer *caller = ranks->caller;
  if (hr_ranks_is_host(ranks)) {
    if (caller && caller->log) caller->log(caller->context, level, line);
  } else if (ranks->is_working && level == HR_LOG_WARNING) {
    /* A line that does not arrive is no reason to fail. */
    if (post(ranks, 0, LETTER_WARNING, HR_OK, line, NULL) != HR_OK) return;
  }
}

static void take_progress(void *context, const hr_progress *progress) {
  const hr_ranks *ranks = context;
  const hr_observer *caller = ranks->caller;
  bool is_shown = hr_ranks_is_host(ranks) && caller && caller->progress;
  if (is_shown) caller->progress(caller->context, progress);
}

static bool wants_stop(void *context) {
  hr_ranks *ranks = context;
  bool is_time = hr_clock_seconds() - ranks->looked >= look_seconds;
  bool is_lost = is_time && take_letters(ranks, NULL) != HR_OK;
  bool is_ended = ranks->failed != SIZE_MAX || ranks->is_told || is_lost;
  return is_ended || hr_observe_wants_stop(ranks->caller);
}

hr_status hr_ranks_init(hr_ranks *ranks, hr_world *world, const hr_observer *caller,
                        hr_error *err) {
  hr_status status = HR_OK;
  size_t size = hr_world_size(world);
  *ranks =
      (hr_ranks){.world = world, .caller = caller, .log = caller, .failed = SIZE_MAX};
  ranks->observer = (hr_observer){ranks, take_line, take_progress, wants_stop};
  HR_TRY(hr_alloc(&ranks->has_ended, size, err));
  HR_TRY(hr_alloc(&ranks->is_seen, size, err));
  HR_TRY(hr_alloc(&ranks->gone, size, err));
cleanup:
  return broken(ranks, status);
}

void hr_ranks_fini(hr_ranks *ranks) {
  hr_free(ranks->has_ended);
  hr_free(ranks->is_seen);
  hr_free(ranks->gone);
  ranks->has_ended = ranks->is_seen = NULL;
  ranks->gone = NULL;
}

/* The sentence of a rank, with its name. */
static hr_status fail_of(const hr_ranks *ranks, size_t rank, const hr_error *reason,
                         hr_error *err) {
  char name[HR_WORLD_NAME_BYTES], sentence[HR_ERROR_MESSAGE_BYTES];
  snprintf(sentence, sizeof sentence, "%s", reason->message);
  hr_world_name(ranks->world, rank, name);
  return hr_fail(err, reason->status, "%s: %s", name, sentence);
}

/* What a rank says of itself when all are to agree. */
typedef struct word {
  hr_error reason;
  char version[16], study[17];
  uint64_t train_rows, test_rows;
} word;

static bool is_same_study(const word *a, const word *b) {
  return strcmp(a->version, b->version) == 0 && strcmp(a->study, b->study) == 0 &&
         a->train_rows == b->train_rows && a->test_rows == b->test_rows;
}

/* The host's judgement of what all say. */
static hr_status judge_words(const hr_ranks *ranks, const word *words, hr_error *err) {
  for (size_t r = 0; r < hr_world_size(ranks->world); r++) {
    const hr_error *reason = &words[r].reason;
    /* What the host has found it says as one that is alone. */
    if (r == 0 && reason->status != HR_OK) return reason->status;
    if (reason->status != HR_OK) return fail_of(ranks, r, reason, err);
  }
  for (size_t r = 1; r < hr_world_size(ranks->world); r++) {
    char name[HR_WORLD_NAME_BYTES];
    if (is_same_study(&words[0], &words[r])) continue;
    hr_world_name(ranks->world, r, name);
    return hr_fail(err, HR_ERR_DATA,
                   "%s sees another study than rank 0: headroom %s, fingerprint %s, "
                   "%" PRIu64 " and %" PRIu64 " rows there, headroom %s, %s, %" PRIu64
                   " and %" PRIu64
                   " here; configuration and data have to lie on a disk "
                   "that all machines see",
                   name, words[r].version, words[r].study, words[r].train_rows,
                   words[r].test_rows, words[0].version, words[0].study,
                   words[0].train_rows, words[0].test_rows);
  }
  return HR_OK;
}

static word word_of(hr_status own, const hr_origin *origin, const hr_error *err) {
  word out;
  memset(&out, 0, sizeof out); /* all bytes travel */
  if (own != HR_OK) hr_fail(&out.reason, own, "%s", err ? err->message : "");
  snprintf(out.version, sizeof out.version, "%s", HR_VERSION);
  if (!origin) return out;
  snprintf(out.study, sizeof out.study, "%s", origin->fingerprint);
  out.train_rows = origin->train_rows;
  out.test_rows = origin->test_rows;
  return out;
}

/* What the host found is everybody's status; guests have nothing to say about it. */
static hr_status tell_status(hr_ranks *ranks, hr_status found, hr_error *err) {
  int32_t code = (int32_t)found;
  hr_status sent =
      broken(ranks, hr_world_broadcast(ranks->world, &code, sizeof code, err));
  if (sent != HR_OK || hr_ranks_is_host(ranks) || code == HR_OK) {
    return sent != HR_OK ? sent : (hr_status)code;
  }
  return hr_fail(err, (hr_status)code, "%s", "");
}

hr_status hr_ranks_agree(hr_ranks *ranks, hr_status own, const hr_origin *origin,
                         hr_error *err) {
  hr_status status = HR_OK, found = HR_OK;
  const word mine = word_of(own, origin, err);
  word *words = NULL;
  if (hr_ranks_is_host(ranks)) {
    HR_TRY(broken(ranks, hr_alloc(&words, hr_world_size(ranks->world), err)));
  }
  HR_TRY(broken(ranks, hr_world_gather(ranks->world, &mine, sizeof mine, words, err)));
  if (words) found = judge_words(ranks, words, err);
  HR_TRY(tell_status(ranks, found, err));
cleanup:
  hr_free(words);
  return status;
}

hr_status hr_ranks_divide(hr_ranks *ranks, const hr_plan *plan, const char *run_dir,
                          hr_share *share, hr_error *err) {
  hr_status status = HR_OK;
  size_t size = hr_world_size(ranks->world);
  hr_division all = {0}, rest = {0};
  bool *is_done = NULL;
  HR_TRY(hr_division_make(plan, 1, &all, err));
  HR_TRY(hr_alloc(&is_done, all.count, err));
  for (size_t i = 0; hr_ranks_is_host(ranks) && i < all.count; i++) {
    HR_TRY(hr_merge_look(plan, &all.pieces[i], run_dir, &is_done[i], err));
  }
  HR_TRY(hr_world_broadcast(ranks->world, is_done, all.count * sizeof *is_done, err));
  HR_TRY(hr_division_make_rest(plan, size, is_done, &rest, err));
  hr_division_share(&rest, hr_world_rank(ranks->world), share);
  if (hr_ranks_is_host(ranks)) {
    hr_observe_info(ranks->log, "%zu ranks do %zu of the study's %zu pieces", size,
                    rest.count, all.count);
  }
  ranks->is_working = true;
cleanup:
  hr_division_fini(&all);
  hr_division_fini(&rest);
  hr_free(is_done);
  return broken(ranks, status);
}

void hr_ranks_watch(hr_ranks *ranks, const char *run_dir) {
  size_t size = hr_world_size(ranks->world);
  for (size_t r = 1; r < size; r++) {
    ranks->is_seen[r] = hr_rank_is_held(run_dir, r, size);
  }
}

static size_t count_ended(const hr_ranks *ranks) {
  size_t count = 0;
  for (size_t r = 0; r < hr_world_size(ranks->world); r++) count += ranks->has_ended[r];
  return count;
}

/* A rank whose lock has gone, and no letter after it. SIZE_MAX: none. */
static size_t find_dead(hr_ranks *ranks, const char *run_dir) {
  double now = hr_clock_seconds();
  size_t size = hr_world_size(ranks->world);
  for (size_t r = 1; r < size; r++) {
    if (ranks->has_ended[r] || !ranks->is_seen[r]) continue;
    bool is_held = ranks->gone[r] <= 0 && hr_rank_is_held(run_dir, r, size);
    if (!is_held && ranks->gone[r] <= 0) ranks->gone[r] = now;
    /* mpirun ends all others a moment after one has died: then there is no time to wait
     * for a letter. */
    double patience =
        hr_observe_wants_stop(ranks->caller) ? dead_seconds / 10 : dead_seconds;
    if (!is_held && now - ranks->gone[r] >= patience) return r;
  }
  return SIZE_MAX;
}

static hr_status fail_dead(hr_ranks *ranks, size_t rank, hr_error *err) {
  char name[HR_WORLD_NAME_BYTES];
  hr_world_name(ranks->world, rank, name);
  hr_world_break(ranks->world);
  return hr_fail(err, HR_ERR_IO,
                 "%s died without a word: it was killed, or its machine had no memory "
                 "left; what is done stays, and %s goes on, with any number of ranks",
                 name, HR_DOOR_RESUME);
}

static hr_status tell_waiting(const hr_ranks *ranks, const hr_observer *observer,
                              hr_error *err) {
  const hr_progress progress = {.stage = "waiting for the other ranks",
                                .unit = "ranks",
                                .done = count_ended(ranks),
                                .total = hr_world_size(ranks->world)};
  return hr_observe_progress(observer, &progress, err);
}

/* The host waits until all parts have ended. */
static hr_status await_parts(hr_ranks *ranks, const char *run_dir,
                             const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_error asked = {.status = HR_OK};
  size_t size = hr_world_size(ranks->world);
  while (count_ended(ranks) < size) {
    hr_status told = tell_waiting(ranks, observer, &asked);
    bool is_first = told != HR_OK && !ranks->is_told;
    if (is_first) {
      note_failure(ranks, 0, told, asked.message);
      ranks->is_told = true;
      HR_TRY(post_to_guests(ranks, LETTER_STOP, HR_OK, err));
    }
    HR_TRY(take_letters(ranks, err));
    size_t dead = find_dead(ranks, run_dir);
    if (dead != SIZE_MAX) return fail_dead(ranks, dead, err);
    nap();
  }
  if (ranks->failed == SIZE_MAX) HR_TRY(tell_waiting(ranks, observer, err));
cleanup:
  return status;
}

hr_status hr_ranks_end(hr_ranks *ranks, const char *run_dir, const hr_observer *observer,
                       hr_status own, hr_error *err) {
  hr_status status = HR_OK;
  const char *sentence = own != HR_OK && err ? err->message : "";
  if (!hr_ranks_is_host(ranks)) {
    hr_status posted = post(ranks, 0, LETTER_END, own, sentence, err);
    return posted == HR_OK ? own : posted;
  }
  ranks->has_ended[0] = true;
  note_failure(ranks, 0, own, sentence);
  HR_TRY(await_parts(ranks, run_dir, observer, err));
  HR_TRY(hr_ranks_clear(run_dir, err));
  if (ranks->failed == SIZE_MAX) goto cleanup;
  bool is_own_stop = ranks->failed == 0 && ranks->failure.status == HR_ERR_INTERRUPTED;
  status = is_own_stop ? hr_fail(err, HR_ERR_INTERRUPTED, "%s", ranks->failure.message)
                       : fail_of(ranks, ranks->failed, &ranks->failure, err);
cleanup:
  ranks->is_told = false;
  return status;
}

/* A guest waits; asked to stop itself, it hands that on. */
static hr_status await_verdict(hr_ranks *ranks, hr_error *err) {
  hr_status status = HR_OK;
  bool has_asked = false;
  while (!ranks->has_verdict) {
    bool asks = !has_asked && hr_observe_wants_stop(ranks->caller);
    if (asks) {
      has_asked = true;
      HR_TRY(post(ranks, 0, LETTER_ASKS, HR_ERR_INTERRUPTED, "interrupted", err));
    }
    HR_TRY(take_letters(ranks, err));
    if (!ranks->has_verdict) nap();
  }
cleanup:
  return status;
}

hr_status hr_ranks_conclude(hr_ranks *ranks, hr_status own, hr_error *err) {
  hr_status status = own;
  if (hr_world_is_broken(ranks->world)) return own;
  if (hr_ranks_is_host(ranks)) {
    hr_error reason;
    hr_status posted = post_to_guests(ranks, LETTER_VERDICT, own, &reason);
    return own == HR_OK && posted != HR_OK ? hr_fail(err, posted, "%s", reason.message)
                                           : own;
  }
  HR_TRY(await_verdict(ranks, err));
  status = ranks->verdict;
  if (status != HR_OK) hr_fail(err, status, "%s", "");
cleanup:
  return status;
}
