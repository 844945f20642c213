"use strict";

/* What the page holds: the document, and each finding when it is looked at. */

const stored = new Map();

function data(name)
{
	if (!stored.has(name))
		stored.set(name, JSON.parse(document.getElementById(`data-${name}`).textContent));
	return stored.get(name);
}

function findingAt(index)
{
	return JSON.parse(document.getElementById(`data-finding-${index}`).textContent);
}

/* {line: text} of a file by its path, or undefined. */
function sourceOf(path)
{
	if (!stored.has("by-path"))
		stored.set(
			"by-path", new Map(data("sources").map((file) => [file.path, file.lines])));
	return stored.get("by-path").get(path);
}

function threadName(finding, id)
{
	const thread = finding.threads.find((one) => one.id === id);

	return thread && thread.name ? `T${id} (${thread.name})` : `T${id}`;
}

function lockName(finding, id)
{
	const lock = finding.locks.find((one) => one.id === id);

	return lock ? lock.name : "a lock that has ended since";
}

function plural(count, noun)
{
	return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/* The name of a place without its folders. */
function shortPlace(place)
{
	return place.slice(place.lastIndexOf("/") + 1);
}
