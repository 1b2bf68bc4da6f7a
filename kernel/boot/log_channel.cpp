#include "boot/log_channel.h"

#include <Poco/AutoPtr.h>
#include <Poco/Logger.h>
#include <Poco/NullChannel.h>

namespace sara::boot {

void LogChannel::log(const Poco::Message& message) {
    loop::LogLevel level = loop::LogLevel::kDebug;
    if (message.getPriority() <= Poco::Message::PRIO_ERROR) {
        level = loop::LogLevel::kError;
    } else if (message.getPriority() == Poco::Message::PRIO_WARNING) {
        level = loop::LogLevel::kWarn;
    } else if (message.getPriority() <= Poco::Message::PRIO_INFORMATION) {
        level = loop::LogLevel::kInfo;
    }
    if (log_.enabled(level)) log_.write(level, message.getSource(), message.getText());
}

Poco::Message::Priority LogChannel::priorityOf(loop::LogLevel level) {
    switch (level) {
        case loop::LogLevel::kError:
            return Poco::Message::PRIO_ERROR;
        case loop::LogLevel::kWarn:
            return Poco::Message::PRIO_WARNING;
        case loop::LogLevel::kInfo:
            return Poco::Message::PRIO_INFORMATION;
        case loop::LogLevel::kDebug:
            return Poco::Message::PRIO_DEBUG;
    }
    return Poco::Message::PRIO_INFORMATION;
}

void attachPocoLog(loop::Log& log, loop::LogLevel level) {
    const Poco::AutoPtr<Poco::Channel> channel(new LogChannel(log));
    (void)Poco::Logger::root();  // must exist: later loggers take channel and level from it
    Poco::Logger::setChannel("", channel);
    Poco::Logger::setLevel("", LogChannel::priorityOf(level));
}

void detachPocoLog() {
    Poco::Logger::setChannel("", Poco::AutoPtr<Poco::Channel>(new Poco::NullChannel()));
}

}  // namespace sara::boot
