const { Worker, isMainThread, workerData } = require('worker_threads');
const { execFileSync } = require('child_process');
const crypto = require('crypto'), fs = require('fs'), zlib = require('zlib');

if (isMainThread) {
	const counter = new Int32Array(new SharedArrayBuffer(4));
	const workers = [1, 2, 3].map(() => new Promise((done) =>
		new Worker(__filename, { workerData: counter }).on('exit', done)));
	const jobs = Array.from({ length: 8 }, (_, i) => new Promise((done) =>
		crypto.pbkdf2('secret', 'salt' + i, 20000 / process.env.scale, 32, 'sha256', (e, key) => done(key.toString('hex').slice(0, 8)))));
	const packed = new Promise((done) => zlib.gzip(Buffer.alloc(1 << 20, 'x'), (e, out) => done(out.length)));
	Promise.all([...workers, ...jobs, packed, fs.promises.readFile(__filename)]).then((all) => {
		console.log(all.slice(0, -1).join(' '), Atomics.load(counter, 0));
		console.log(execFileSync('echo', ['from a child']).toString().trim());
		process.exitCode = 4;
	});
} else {
	for (let i = 0; i < 10000; i++) Atomics.add(workerData, 0, 1);
}
