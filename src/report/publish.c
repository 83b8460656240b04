/* Putting blocks and figures of a report into pages, all of them or none. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "core/sized.h"
#include "headroom/report.h"
#include "report/markdown.h"
#include "report/page.h"
#include "report/source.h"
#include "report/targets.h"

static const size_t largest_page = (size_t)1 << 28;

/* A page, before and after. */
typedef struct edition {
  const char *path, *block; /* borrowed */
  char *before;             /* NULL: there is no such page yet */
  size_t size;
  hr_text after;
} edition;

typedef struct editions {
  hr_config *config; /* or NULL */
  edition *items;
  size_t count;
} editions;

static void close_editions(editions *all) {
  for (size_t i = 0; i < all->count; i++) {
    hr_free(all->items[i].before);
    hr_text_fini(&all->items[i].after);
  }
  hr_free(all->items);
  hr_config_destroy(&all->config);
}

/* The pages of the command line, or else those that the study's configuration names. */
static hr_status list_pages(const char *run_dir, const hr_publish_options *options,
                            editions *all, hr_error *err) {
  enum { MOST_CONFIG_BYTES = 1 << 22 };
  hr_status status = HR_OK;
  char *path = NULL, *yaml = NULL;
  size_t size = 0;
  if (options->page || options->block) {
    if (!options->page || !options->block) {
      return hr_fail(err, HR_ERR_USAGE, "a page and a block must be named together");
    }
    HR_TRY(hr_alloc(&all->items, 1, err));
    all->count = 1;
    all->items[0] = (edition){.path = options->page, .block = options->block};
    goto cleanup;
  }
  HR_TRY(hr_join_path(run_dir, "config.yaml", &path, err));
  /* Parsed, not loaded: the data of the study may be elsewhere by now. */
  HR_TRY(hr_file_read(path, MOST_CONFIG_BYTES, &yaml, &size, err));
  HR_TRY(hr_config_parse(yaml, size, path, run_dir, &all->config, err));
  if (all->config->page_count == 0) {
    status =
        hr_fail(err, HR_ERR_CONFIG,
                "%s names no pages; write `publish: [{page: roadmap.md, block: c1}]` "
                "into the configuration and run the study again, or name a page and "
                "a block",
                path);
    goto cleanup;
  }
  HR_TRY(hr_alloc(&all->items, all->config->page_count, err));
  for (; all->count < all->config->page_count; all->count++) {
    const hr_config_page *page = &all->config->pages[all->count];
    all->items[all->count] = (edition){.path = page->page, .block = page->block};
  }
cleanup:
  hr_free(path);
  hr_free(yaml);
  return status;
}

/* A page may have several blocks: a later edition starts from what an earlier one made.
 */
static const edition *find_earlier(const editions *all, size_t index) {
  for (size_t i = index; i-- > 0;) {
    if (strcmp(all->items[i].path, all->items[index].path) == 0) return &all->items[i];
  }
  return NULL;
}

static hr_status read_page(const editions *all, size_t index, bool create,
                           hr_error *err) {
  edition *own = &all->items[index];
  const edition *earlier = find_earlier(all, index);
  if (earlier) {
    own->size = earlier->after.length;
    return hr_copy_text(earlier->after.bytes, &own->before, err);
  }
  bool is_missing = access(own->path, F_OK) != 0 && errno == ENOENT;
  if (create && is_missing) return HR_OK;
  return hr_file_read(own->path, largest_page, &own->before, &own->size, err);
}

static hr_status edit_pages(editions *all, const char *content, bool create,
                            hr_text *difference, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < all->count; i++) {
    edition *own = &all->items[i];
    HR_TRY(read_page(all, i, create, err));
    const hr_page page = {own->path, own->before ? own->before : "", own->size};
    HR_TRY(hr_page_replace(&page, own->block, content, create, &own->after, err));
    hr_page_compare(own->path, page.bytes, own->after.bytes, difference);
  }
  HR_TRY(hr_text_status(difference, err));
cleanup:
  return status;
}

/* A page that is a link stays one, and keeps its permissions. */
static hr_status write_page(const edition *own, hr_error *err) {
  hr_status status = HR_OK;
  struct stat info;
  char *real = own->before ? realpath(own->path, NULL) : NULL;
  const char *path = real ? real : own->path;
  bool existed = stat(path, &info) == 0;
  HR_TRY(hr_file_write(path, own->after.bytes, own->after.length, err));
  if (existed && chmod(path, info.st_mode & 07777) != 0) {
    status =
        hr_fail_errno(err, HR_ERR_IO, errno, "cannot set the permissions of %s", path);
  }
cleanup:
  free(real);
  return status;
}

static bool is_changed(const edition *own) {
  return !own->before || strcmp(own->before, own->after.bytes) != 0;
}

static hr_status write_pages(const editions *all, const hr_observer *observer,
                             hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < all->count; i++) {
    const edition *own = &all->items[i];
    if (!is_changed(own)) {
      hr_observe_info(observer, "%s: block %s is up to date", own->path, own->block);
      continue;
    }
    HR_TRY(write_page(own, err));
    hr_observe_info(observer, "%s: wrote block %s", own->path, own->block);
  }
cleanup:
  return status;
}

/* Of every target, one below the other, each of which says what it is of. */
static hr_status format_block(const char *run_dir, hr_text *content, hr_error *err) {
  hr_status status = HR_OK;
  hr_source source;
  status = hr_source_init(&source, run_dir, err);
  if (status != HR_OK) return status;
  HR_TRY(hr_markdown_write_key_numbers(&source.reader, &source.tables, content, err));
  HR_TRY(hr_rows_audit(&source.rows, &source.reader, err));
  for (size_t i = 0; i < hr_targets_behind(&source.reader); i++) {
    char *dir = NULL;
    HR_TRY(hr_targets_dir(&source.reader, run_dir, i, &dir, err));
    hr_text_append(content, "\n");
    status = format_block(dir, content, err);
    hr_free(dir);
    if (status != HR_OK) goto cleanup;
  }
cleanup:
  hr_source_fini(&source);
  return status;
}

static const hr_sized sized_options = {"hr_publish_options",
                                       "with hr_publish_options_default()",
                                       {sizeof(hr_publish_options)}};

hr_status hr_report_publish(const char *run_dir, const hr_publish_options *given,
                            const hr_observer *observer, char **difference,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_publish_options options = hr_publish_options_default();
  editions all = {0};
  hr_text content, changes;
  hr_text_init(&content);
  hr_text_init(&changes);
  hr_text_append(&changes, "%s", "");
  HR_TRY(hr_sized_take(&sized_options, given, &options, err));
  HR_TRY(hr_source_check_finished(run_dir, err));
  HR_TRY(list_pages(run_dir, &options, &all, err));
  HR_TRY(format_block(run_dir, &content, err));
  HR_TRY(edit_pages(&all, content.bytes, options.create, &changes, err));
  if (!options.check) HR_TRY(write_pages(&all, observer, err));
  bool differs = changes.length > 0;
  *difference = changes.bytes;
  hr_text_init(&changes);
  if (options.check && differs) {
    status = hr_fail(err, HR_ERR_DIFFERS,
                     "pages do not show the results of %s; `headroom publish %s` writes "
                     "them",
                     run_dir, run_dir);
  }
cleanup:
  hr_text_fini(&changes);
  hr_text_fini(&content);
  close_editions(&all);
  return status;
}
