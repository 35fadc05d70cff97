import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { answer, api } from "../api/client";
import { useRestaurants } from "../reviews/queries";
import { Field } from "../ui/Field";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";

/** Adds restaurants, and items to them. */
export default function PlacesDesk() {
  return (
    <div className="stack stack-wide">
      <AddRestaurant />
      <AddItem />
    </div>
  );
}

const NOWHERE = { name: "", address: "", description: "" };

function AddRestaurant() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [place, setPlace] = useState(NOWHERE);
  const sending = useSend(async () => {
    const added = await answer(api.POST("/api/v1/restaurants", { body: place }));
    void queries.invalidateQueries({ queryKey: ["restaurants"] });
    setPlace(NOWHERE);
    return added;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("places.addRestaurant")}>
      <h2>{t("places.addRestaurant")}</h2>
      <div className="fields">
        <Field label={t("places.name")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={200}
              value={place.name}
              onChange={(event) => setPlace({ ...place, name: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("places.address")}>
          {(control) => (
            <input
              {...control}
              maxLength={400}
              value={place.address}
              onChange={(event) => setPlace({ ...place, address: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field label={t("places.description")}>
        {(control) => (
          <textarea
            {...control}
            maxLength={4_000}
            value={place.description}
            onChange={(event) => setPlace({ ...place, description: event.target.value })}
          />
        )}
      </Field>
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            <Link to={`/restaurants/${sending.done.restaurant_id}`}>{sending.done.name}</Link>
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("places.addRestaurant")}
        </button>
      </div>
    </form>
  );
}

function AddItem() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [q, setQ] = useState("");
  const places = useRestaurants(q.trim()).data?.pages.flatMap((page) => page.items);
  const [restaurantId, setRestaurantId] = useState("");
  const [item, setItem] = useState({ name: "", description: "" });
  const sending = useSend(async () => {
    const params = { path: { restaurant_id: restaurantId } };
    const call = api.POST("/api/v1/restaurants/{restaurant_id}/items", { params, body: item });
    const added = await answer(call);
    void queries.invalidateQueries({ queryKey: ["restaurants"] });
    setItem({ name: "", description: "" });
    return added;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("places.addItem")}>
      <h2>{t("places.addItem")}</h2>
      <div className="fields">
        <Field label={t("place.search")}>
          {(control) => (
            <input
              {...control}
              type="search"
              maxLength={200}
              value={q}
              onChange={(event) => setQ(event.target.value)}
            />
          )}
        </Field>
        <Field label={t("places.restaurant")}>
          {(control) => (
            <select
              {...control}
              required
              value={restaurantId}
              onChange={(event) => setRestaurantId(event.target.value)}
            >
              <option value="">{t("grant.choose")}</option>
              {places?.map((place) => (
                <option key={place.restaurant_id} value={place.restaurant_id}>
                  {place.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={t("places.name")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={200}
              value={item.name}
              onChange={(event) => setItem({ ...item, name: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field label={t("places.description")}>
        {(control) => (
          <textarea
            {...control}
            maxLength={4_000}
            value={item.description}
            onChange={(event) => setItem({ ...item, description: event.target.value })}
          />
        )}
      </Field>
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            <Link to={`/items/${sending.done.item_id}`}>{sending.done.name}</Link>
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("places.addItem")}
        </button>
      </div>
    </form>
  );
}
