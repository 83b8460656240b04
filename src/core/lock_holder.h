/* Who has a file locked. */
#ifndef HR_CORE_LOCK_HOLDER_H
#define HR_CORE_LOCK_HOLDER_H

enum { HR_LOCK_HOLDER_BYTES = 64 };

/* "process 4711 (python3)", the process that has locked the file for itself with
 * flock(2);
 * "" where there is none, or it cannot be seen: on another machine, in another container.
 */
void hr_lock_holder_find(const char *path, char out[HR_LOCK_HOLDER_BYTES]);

#endif
