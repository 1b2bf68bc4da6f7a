#include "redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <thread>

namespace sara::store_redis {
namespace {

bool isFree(uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(fd);
    return free;
}

struct Context {
    explicit Context(redisContext* c) : context(c) {}
    ~Context() {
        if (context != nullptr) redisFree(context);
    }
    redisContext* context;
};

}  // namespace

uint16_t freePort() {
    std::mt19937 random(std::random_device{}());
    for (int i = 0; i < 1000; ++i) {
        const auto port = static_cast<uint16_t>(12'000 + random() % 10'000);
        if (isFree(port) && isFree(static_cast<uint16_t>(port + 10'000))) return port;
    }
    throw std::runtime_error("no free port");
}

RedisServer::RedisServer(std::vector<std::string> options, bool tcp)
    : options_(std::move(options)), tcp_(tcp) {
    std::string name = (std::filesystem::temp_directory_path() / "sara-redis-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    start();
}

RedisServer::~RedisServer() {
    kill();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string RedisServer::address() const {
    return tcp_ ? "127.0.0.1:" + std::to_string(port_) : "unix:" + folder_ + "/redis.sock";
}

void RedisServer::start() {
    if (tcp_ && port_ == 0) port_ = freePort();
    std::vector<std::string> words = {"redis-server", "--dir",     folder_,
                                      "--save",       "",          "--daemonize",
                                      "no",           "--logfile", folder_ + "/redis.log"};
    if (tcp_) {
        for (const char* word : {"--bind", "127.0.0.1", "--port"}) words.emplace_back(word);
        words.push_back(std::to_string(port_));
    } else {
        for (const char* word : {"--port", "0", "--unixsocket"}) words.emplace_back(word);
        words.push_back(folder_ + "/redis.sock");
    }
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int null = ::open("/dev/null", O_RDWR);
        ::dup2(null, 1);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
        try {
            const TestReply reply = command({"PING"});
            if (reply->type != REDIS_REPLY_ERROR || std::string(reply->str).find("LOADING") != 0) {
                return;
            }
        } catch (const std::runtime_error&) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("redis-server did not come up in " + folder_);
}

void RedisServer::kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void RedisServer::pause() { ::kill(pid_, SIGSTOP); }

void RedisServer::resume() { ::kill(pid_, SIGCONT); }

void RedisServer::forget() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_ + "/appendonlydir", ignored);
    std::filesystem::remove(folder_ + "/dump.rdb", ignored);
}

TestReply RedisServer::command(const std::vector<std::string>& words) {
    const timeval limit{5, 0};
    Context c(tcp_ ? redisConnectWithTimeout("127.0.0.1", port_, limit)
                   : redisConnectUnixWithTimeout((folder_ + "/redis.sock").c_str(), limit));
    if (c.context == nullptr || c.context->err != 0) throw std::runtime_error("no connection");
    redisSetTimeout(c.context, limit);
    std::vector<const char*> argv;
    std::vector<size_t> sizes;
    for (const std::string& word : words) {
        argv.push_back(word.data());
        sizes.push_back(word.size());
    }
    auto* reply = static_cast<redisReply*>(
        redisCommandArgv(c.context, static_cast<int>(argv.size()), argv.data(), sizes.data()));
    if (reply == nullptr) throw std::runtime_error("no answer to " + words[0]);
    return TestReply(reply);
}

std::string RedisServer::text(const std::vector<std::string>& words) {
    const TestReply reply = command(words);
    return reply->str == nullptr ? std::string() : std::string(reply->str, reply->len);
}

long long RedisServer::number(const std::vector<std::string>& words) {
    return command(words)->integer;
}

}  // namespace sara::store_redis
