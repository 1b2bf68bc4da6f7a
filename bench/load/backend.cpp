// The operator's backend for measurements: answers every POST over kept connections with success,
// so that `logins` measures the server and its callback and not a web framework. One thread, epoll,
// reads lengths and nothing else; refuses to be more.
// usage: backend --port N   (0: a free one, named in the line "ready http 127.0.0.1:PORT")
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/json\r\nContent-Length: 25\r\n\r\n"
    R"({"sn":"1","success":true})";
constexpr std::string_view kLength = "Content-Length: ";
constexpr size_t kRequestBytesMax = 1u << 20;

int listenOn(uint16_t* port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(*port);
    socklen_t size = sizeof address;
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 1024) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("backend");
        std::exit(1);
    }
    *port = ntohs(address.sin_port);
    return fd;
}

// Bytes of the first request in text, 0 while it is not whole.
size_t wholeRequest(std::string_view text) {
    const size_t head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) return 0;
    const size_t at = text.find(kLength);
    size_t length = 0;
    if (at < head) length = std::strtoul(text.data() + at + kLength.size(), nullptr, 10);
    const size_t whole = head + 4 + length;
    return text.size() >= whole ? whole : 0;
}

// False: the connection is over.
bool serve(int fd, std::string* waiting) {
    char bytes[65536];
    const ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    waiting->append(bytes, static_cast<size_t>(n));
    while (const size_t whole = wholeRequest(*waiting)) {
        waiting->erase(0, whole);
        if (::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) return false;
    }
    return waiting->size() < kRequestBytesMax;
}

void run(int listener) {
    const int poll = ::epoll_create1(EPOLL_CLOEXEC);
    const auto watch = [poll](int fd) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        (void)::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    };
    watch(listener);
    std::unordered_map<int, std::string> connections;
    for (;;) {
        epoll_event events[256];
        const int n = ::epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < n; ++i) {
            const int fd = events[i].data.fd;
            if (fd == listener) {
                const int client =
                    ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (client < 0) continue;
                const int on = 1;
                (void)::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                connections[client].clear();
                watch(client);
            } else if (!serve(fd, &connections[fd])) {
                connections.erase(fd);
                ::close(fd);
            }
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view(argv[1]) != "--port") {
        std::fprintf(stderr, "usage: backend --port N\n");
        return 2;
    }
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);  // ends with the script that started it
    auto port = static_cast<uint16_t>(std::strtoul(argv[2], nullptr, 10));
    const int listener = listenOn(&port);
    std::printf("ready http 127.0.0.1:%u\n", static_cast<unsigned>(port));
    std::fflush(stdout);
    run(listener);
}
