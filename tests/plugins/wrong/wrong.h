/* A plugin in a few lines, for the corpus of wrong ones: each file of this folder defines what is
 * wrong with it and includes this. Loading one leaves a mark: the constructor appends the plugin's
 * name to the file named by SARA_WRONG_MARKS, so a test sees whether any of its code ran. */
#ifndef SARA_TESTS_WRONG_H
#define SARA_TESTS_WRONG_H
#include <sara/sara.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef WRONG_ID
#define WRONG_ID "org.wrong." WRONG_NAME
#endif
#ifndef WRONG_ABI
#define WRONG_ABI "1.0"
#endif
/* More members of the manifest, each beginning with a comma. */
#ifndef WRONG_MORE
#define WRONG_MORE ""
#endif
#ifndef WRONG_MANIFEST
#define WRONG_MANIFEST                                                                     \
    "{\"id\": \"org.wrong." WRONG_NAME "\", \"version\": \"1.0.0\", \"abi\": \"" WRONG_ABI \
    "\"" WRONG_MORE "}"
#endif
#ifndef WRONG_CREATE
#define WRONG_CREATE return SARA_OK
#endif
#ifndef WRONG_INIT
#define WRONG_INIT return SARA_OK
#endif
#ifndef WRONG_LOOP_START
#define WRONG_LOOP_START return SARA_OK
#endif
#ifndef WRONG_START
#define WRONG_START return SARA_OK
#endif
#ifndef WRONG_SERVICE
#define WRONG_SERVICE return NULL
#endif
#ifndef WRONG_SIZE
#define WRONG_SIZE sizeof(sara_plugin_desc)
#endif
#ifndef WRONG_MINOR_REQUIRED
#define WRONG_MINOR_REQUIRED 0
#endif
#ifndef WRONG_ENTRY
#define WRONG_ENTRY sara_plugin_entry_v1
#endif

static const sara_host *host;

static inline void mark(const char *step) {
    const char *const path = getenv("SARA_WRONG_MARKS");
    FILE *const marks = path != NULL ? fopen(path, "a") : NULL;
    if (marks == NULL) return;
    fprintf(marks, "%s %s\n", WRONG_NAME, step);
    fclose(marks);
}

static inline sara_status failWith(sara_status status, const char *text) {
    const sara_str why = {text, strlen(text)};
    host->set_error(host, why);
    return status;
}

__attribute__((constructor)) static void onLoad(void) { mark("loaded"); }

static sara_status onCreate(const sara_host *h, void **self) {
    host = h;
    *self = NULL;
    mark("create");
    WRONG_CREATE;
}
static sara_status onInit(void *self) {
    (void)self;
    mark("init");
    WRONG_INIT;
}
static sara_status onLoopStart(void *self, uint32_t loop, void **state) {
    (void)self;
    (void)loop;
    *state = NULL;
    WRONG_LOOP_START;
}
static sara_status onStart(void *self) {
    (void)self;
    mark("start");
    WRONG_START;
}
static void onDrain(void *self, uint32_t deadline_ms) {
    (void)self;
    (void)deadline_ms;
    mark("drain");
}
static void onLoopStop(void *self, uint32_t loop, void *state) {
    (void)self;
    (void)state;
    if (loop == 0) mark("loop_stop");
}
static void onStop(void *self) {
    (void)self;
    mark("stop");
}
static void onDestroy(void *self) {
    (void)self;
    mark("destroy");
}
static const void *onService(void *self, const char *id) {
    (void)self;
    (void)id;
    WRONG_SERVICE;
}

#ifndef WRONG_WITHOUT_MANIFEST
SARA_MANIFEST(manifest, WRONG_MANIFEST);
#else
static const char manifest[] = WRONG_MANIFEST;
#endif

SARA_EXPORT const sara_plugin_desc *WRONG_ENTRY(uint32_t index) {
    static const sara_plugin_desc desc = {WRONG_SIZE, 1,          0,           WRONG_MINOR_REQUIRED,
                                          0,          WRONG_ID,   "1.0.0",     manifest,
                                          onCreate,   onInit,     onLoopStart, onStart,
                                          onDrain,    onLoopStop, onStop,      onDestroy,
                                          onService,  NULL};
    return index == 0 ? &desc : NULL;
}

#endif /* SARA_TESTS_WRONG_H */
