/* The floor of reading a stored query answer: one libexpat pass over the file that keeps every value of an entry in an
   arena, without namespaces, without building objects. Prints milliseconds of processor time, entries and kept values. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VALUE_SIZE 16384
static char *arena, *next_free;
static size_t entries, values;
static char value[VALUE_SIZE];
static int in_value, value_length;

static void keep(const char *text, size_t length) {
    memcpy(next_free, text, length);
    next_free[length] = 0;
    next_free += length + 1;
    values++;
}

static void keep_attribute(const char **pairs, const char *name) {
    for (; *pairs; pairs += 2)
        if (strcmp(*pairs, name) == 0) {
            keep(pairs[1], strlen(pairs[1]));
            return;
        }
}

static void start(void *data, const char *name, const char **pairs) {
    (void)data;
    if (strncmp(name, "rim:", 4)) return;
    name += 4;
    if (strcmp(name, "Value") == 0) {
        in_value = 1;
        value_length = 0;
    } else if (strcmp(name, "Slot") == 0) {
        keep_attribute(pairs, "name");
    } else if (strcmp(name, "LocalizedString") == 0 || strcmp(name, "ExternalIdentifier") == 0) {
        keep_attribute(pairs, "value");
    } else if (strcmp(name, "Classification") == 0) {
        keep_attribute(pairs, "classificationScheme");
        keep_attribute(pairs, "nodeRepresentation");
    } else if (strcmp(name, "VersionInfo") == 0) {
        keep_attribute(pairs, "versionName");
    } else if (strcmp(name, "ExtrinsicObject") == 0) {
        entries++;
        keep_attribute(pairs, "id");
        keep_attribute(pairs, "lid");
        keep_attribute(pairs, "mimeType");
        keep_attribute(pairs, "status");
    }
}

static void end(void *data, const char *name) {
    (void)data;
    if (in_value && strcmp(name, "rim:Value") == 0) {
        keep(value, value_length);
        in_value = 0;
    }
}

static void text(void *data, const char *part, int length) {
    (void)data;
    if (in_value && value_length + length < VALUE_SIZE) {
        memcpy(value + value_length, part, length);
        value_length += length;
    }
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    FILE *file = fopen(arguments[1], "rb");
    if (!file) return 1;
    fseek(file, 0, SEEK_END);
    arena = next_free = malloc((size_t)ftell(file) * 2 + VALUE_SIZE);
    rewind(file);
    struct timespec begun, ended;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
    XML_Parser parser = XML_ParserCreate(NULL);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, text);
    for (int last = 0; !last;) {
        void *room = XML_GetBuffer(parser, 65536);
        int got = (int)fread(room, 1, 65536, file);
        last = got < 65536;
        if (XML_ParseBuffer(parser, got, last) != XML_STATUS_OK) return 1;
    }
    XML_ParserFree(parser);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
    double spent = (ended.tv_sec - begun.tv_sec) * 1e3 + (ended.tv_nsec - begun.tv_nsec) / 1e6;
    printf("%.3f %zu %zu\n", spent, entries, values);
    return 0;
}
