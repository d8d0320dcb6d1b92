"""What the model can draw: emoji by their Unicode name, and the plain names people use for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Emojibase group numbers: animals and nature, food and drink, travel and places, activities, objects.
# Faces, people, symbols and flags are left out: at 64 px their names say little about what is drawn.
DRAWN_GROUPS = frozenset({3, 4, 5, 6, 7})


@dataclass(frozen=True)
class Concept:
    """One thing to draw: ``label`` is its Unicode (CLDR) name, ``names`` what captions call it, commonest first."""

    label: str
    names: tuple[str, ...]


# One per line: the Unicode name, then "=" and the caption names where they differ. These few are well known and look
# unlike each other; seen often, a model this small learns them, where a thousand seen rarely stay blobs.
_CORE = """
red apple = red apple, apple
green apple = green apple
banana
cherries
grapes
strawberry
watermelon
lemon
pineapple
pear
carrot
mushroom
pizza
hamburger = hamburger, burger
doughnut = doughnut, donut
cupcake
birthday cake = birthday cake, cake
ice cream
hot beverage = coffee cup, cup of coffee
cat face = cat, kitten
dog face = dog, puppy
rabbit face = rabbit, bunny
fox
bear
panda
koala
lion
pig face = pig
frog
monkey face = monkey
baby chick
penguin
owl
unicorn
honeybee = bee
lady beetle = ladybug
butterfly
turtle
octopus
fish
dolphin
crab
rose = rose, flower
sunflower
tulip
cactus
evergreen tree = pine tree, tree
palm tree
rocket
automobile = car
bus
airplane = airplane, plane
sailboat = sailboat, boat
house
full moon = moon
star
sun
fire
high voltage = lightning bolt
snowman
umbrella
balloon
wrapped gift = gift, present
jack-o-lantern = pumpkin
ghost
robot
skull
crown
red heart = red heart, heart
soccer ball = soccer ball, football
basketball
guitar
trophy
key
bell
light bulb
"""


def _parse(line: str) -> Concept:
    label, _, names = (part.strip() for part in line.partition("="))
    return Concept(label, tuple(name.strip() for name in names.split(",")) if names else (label,))


CORE: tuple[Concept, ...] = tuple(_parse(line) for line in _CORE.strip().splitlines())


def choose(spec: str, drawn: Mapping[str, int]) -> list[Concept]:
    """The concepts that ``spec`` asks for; ``drawn`` gives the group of every Unicode name that has a drawing.

    ``spec`` is ``core`` (the well-known ones above), ``all``, a number (the core first, then others in Unicode
    order), or names separated by commas. Raises ValueError for a name that has no drawing.
    """
    core = [concept for concept in CORE if concept.label in drawn]
    known = {concept.label for concept in core}
    if spec == "core":
        return core
    if spec == "all" or spec.isdigit():
        others = (label for label, group in drawn.items() if group in DRAWN_GROUPS and label not in known)
        rest = [Concept(label, (label,)) for label in others]
        return (core + rest)[: int(spec) if spec.isdigit() else None]
    by_name = {name: concept for concept in core for name in (*concept.names, concept.label)}
    chosen: list[Concept] = []
    for name in (part.strip() for part in spec.split(",")):
        if name not in by_name and name not in drawn:
            raise ValueError(f"no drawing is named {name!r}")
        chosen.append(by_name.get(name) or Concept(name, (name,)))
    return list(dict.fromkeys(chosen))
