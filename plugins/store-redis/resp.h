// The Redis protocol: commands are written here, replies are read by hiredis. Decides how big an
// answer may be; refuses longer arrays and more bytes, so that a hostile server costs bounded
// memory.
#pragma once
#include <hiredis/hiredis.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sara::store_redis {

constexpr std::size_t kReplyElementsMax = 262'144;  // docs/limits.md: redis_reply_elements_max
constexpr std::size_t kReplyBytesMax = 128u << 20;  // docs/limits.md: redis_reply_bytes_max

struct ReplyFree {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, ReplyFree>;

inline std::string_view textOf(const redisReply& reply) {
    const bool has = reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS ||
                     reply.type == REDIS_REPLY_ERROR;
    return has ? std::string_view(reply.str, reply.len) : std::string_view();
}

// Appends one command to out: begin(), then exactly that many arguments.
class CommandWriter {
  public:
    explicit CommandWriter(std::string* out) : out_(*out) {}
    CommandWriter& begin(std::size_t arguments);
    CommandWriter& arg(std::string_view text);
    CommandWriter& arg(uint64_t number);

  private:
    void number(char mark, uint64_t value);
    std::string& out_;
};

// Reads replies out of a stream of bytes. [loop]
class ReplyReader {
  public:
    ReplyReader();
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;
    // False: the stream is not Redis, or an answer is too big; error() says which.
    [[nodiscard]] bool feed(const char* data, std::size_t n);
    // The next whole reply, nullptr when there is none yet. ok false: as feed().
    Reply next(bool* ok);
    void reset();
    const std::string& error() const { return error_; }

  private:
    struct ReaderFree {
        void operator()(redisReader* reader) const { redisReaderFree(reader); }
    };
    redisReplyObjectFunctions functions_{};
    std::unique_ptr<redisReader, ReaderFree> reader_;
    std::size_t pending_bytes_ = 0;
    std::string error_;
};

}  // namespace sara::store_redis
