import asyncio


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def talk(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = 0
    for turn in range(50):
        writer.write(b"line %d %d\n" % (number, turn))
        answers += (await reader.readline()).startswith(b"LINE")
    writer.close()
    return answers


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*(talk(port, n) for n in range(20)))))
    server.close()
    loop = asyncio.get_running_loop()
    print(sum(await asyncio.gather(*(loop.run_in_executor(None, sum, range(n)) for n in range(500)))))
    child = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=-1, stdout=-1)
    print(await child.communicate(b"through a child"))


asyncio.run(main())
