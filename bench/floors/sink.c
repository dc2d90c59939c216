/* A loopback HTTP sink: it takes requests with a Content-Length, drops the bytes, and answers as a repository that
   accepted a deposit, relating to the MessageID that it saw. One process per connection. Prints its port first. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_SIZE 65536
static char head[HEAD_SIZE + 1];
static char block[1 << 20];

static const char *find_header(const char *name) {
    for (const char *at = head; *at; at++)
        if (strncasecmp(at, name, strlen(name)) == 0) return at + strlen(name);
    return NULL;
}

static void copy_message_id(char *out, size_t size) {
    out[0] = 0;
    const char *at = strstr(head, "MessageID");
    const char *start = at ? strchr(at, '>') : NULL;
    const char *end = start ? strchr(start, '<') : NULL;
    if (end && (size_t)(end - start - 1) < size) {
        memcpy(out, start + 1, end - start - 1);
        out[end - start - 1] = 0;
    }
}

static void answer(int peer) {
    char id[200], body[1200], reply[1600];
    copy_message_id(id, sizeof id);
    int length = snprintf(body, sizeof body,
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"http://www.w3.org/2005/08/addressing\">"
        "<s:Header><a:Action>urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse</a:Action>"
        "<a:RelatesTo>%s</a:RelatesTo></s:Header><s:Body>"
        "<r:RegistryResponse xmlns:r=\"urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0\" "
        "status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success\"/></s:Body></s:Envelope>", id);
    int total = snprintf(reply, sizeof reply,
        "HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", length, body);
    for (int sent = 0; sent < total;) {
        ssize_t count = write(peer, reply + sent, total - sent);
        if (count <= 0) return;
        sent += count;
    }
}

static int serve_one(int peer) {
    size_t have = 0;
    const char *end = NULL;
    while (!end && have < HEAD_SIZE) {
        ssize_t count = read(peer, head + have, HEAD_SIZE - have);
        if (count <= 0) return 0;
        have += count;
        head[have] = 0;
        end = strstr(head, "\r\n\r\n");
    }
    const char *length = find_header("\r\ncontent-length:");
    if (!end || !length) return 0;
    long long left = atoll(length) - (long long)(have - (end + 4 - head));
    while (left > 0 && have < HEAD_SIZE) { /* the start of the body may name the message */
        size_t room = HEAD_SIZE - have;
        ssize_t count = read(peer, head + have, (unsigned long long)left < room ? (size_t)left : room);
        if (count <= 0) return 0;
        have += count;
        left -= count;
    }
    head[have] = 0;
    while (left > 0) {
        ssize_t count = read(peer, block, left < (long long)sizeof block ? left : (long long)sizeof block);
        if (count <= 0) return 0;
        left -= count;
    }
    answer(peer);
    return 1;
}

int main(void) {
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    alarm(1800);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        if (peer < 0) continue;
        if (fork() == 0) {
            close(listener);
            alarm(600);
            while (serve_one(peer)) {
            }
            _exit(0);
        }
        close(peer);
    }
}
